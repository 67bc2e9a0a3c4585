import { expect, it } from '@jest/globals'
import type { PlannerAnswer } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { DrivenSession } from '../core/testing.ts'
import { checkAddedSteps } from './check-added-steps.ts'

function plannerThat(answer: PlannerAnswer | Error): Pick<Sidecar, 'invoke'> {
  return {
    async invoke(_app, _path, { schema }) {
      if (answer instanceof Error) throw answer
      return schema.parse(answer)
    },
  }
}

const used = { model: 'm', inputTokens: 1, outputTokens: 1, costUsd: 0.5, measured: true }

function resultThatAdds() {
  const session = new DrivenSession()
  session.run([{ stepId: 'scout' }, { stepId: 'answer', dependsOn: ['scout'] }])
  const more = { stepId: 'more', agent: 'stranger', capability: 'fly', params: {}, dependsOn: [], parallel: false }
  const outcome = { kind: 'succeeded' as const, output: 1, citations: [], confidence: 1, steps: [more] }
  return { state: session.state, input: { type: 'outcome' as const, ...session.ref('scout'), usage: [used], outcome } }
}

it('a result whose steps the planner accepts is handed on as it is', async () => {
  const { state, input } = resultThatAdds()
  expect(await checkAddedSteps(plannerThat({ kind: 'plan', problems: [] }), state, input)).toBe(input)
})

it('a result that adds what no agent can do has failed, with the step named', async () => {
  const { state, input } = resultThatAdds()
  const answer: PlannerAnswer = {
    kind: 'unsupported',
    problems: [{ stepId: 'more', message: 'agent "stranger" does not offer "fly"' }],
  }
  expect(await checkAddedSteps(plannerThat(answer), state, input)).toMatchObject({
    usage: [used],
    outcome: {
      kind: 'failed',
      problem: { isRetryable: false, message: expect.stringContaining('step "more": agent "stranger"') },
    },
  })
})

it('steps that no plan has room for are left to the session, which says so at once, and not to a planner that cannot read them', async () => {
  const { state, input } = resultThatAdds()
  const steps = Array.from({ length: 200 }, (_, index) =>
    input.outcome.steps.map((step) => ({ ...step, stepId: `more-${index}` })),
  ).flat()
  const tooMany = { ...input, outcome: { ...input.outcome, steps } }
  expect(await checkAddedSteps(plannerThat(new Error('cannot read it')), state, tooMany)).toBe(tooMany)
})

it('a planner that cannot be asked does not let unchecked steps through; what they cost is told with the next attempt', async () => {
  const { state, input } = resultThatAdds()
  expect(await checkAddedSteps(plannerThat(new Error('away')), state, input)).toMatchObject({
    outcome: { kind: 'failed', problem: { isRetryable: true } },
    usage: [],
  })
})
