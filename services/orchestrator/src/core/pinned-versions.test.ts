import { expect, it } from '@jest/globals'
import { weftVersion } from '@weft/contracts'
import type { AttemptOutcome } from './session-input.ts'
import { viewSession } from './session-view.ts'
import { DrivenSession } from './testing.ts'

const steps = [
  { stepId: 'a', onFailure: { action: 'fallback' as const, agent: 'second' } },
  { stepId: 'answer', agent: 'writer', dependsOn: ['a'] },
]

it('a turn tells with which versions it began, whatever takes over on the way, and every attempt which did it', () => {
  const session = new DrivenSession()
  session.agentVersions = { worker: '1', second: '7', writer: '2', other: '9' }
  session.run(steps)
  session.agentVersions = { ...session.agentVersions, writer: '3' }
  session.succeed('a')
  session.succeed('answer')
  expect(viewSession(session.state).turns[0]?.versions).toEqual({
    weft: weftVersion,
    agents: { worker: '1', second: '7', writer: '2' },
  })
  const dispatched = session.events.filter(({ type }) => type === 'step.dispatched')
  expect(dispatched.map(({ stepId, agentVersion }) => [stepId, agentVersion])).toEqual([
    ['a', '1'],
    ['answer', '3'],
  ])
})

it('every end of an attempt tells the version that the agent said it was, whatever its card said before', () => {
  const session = new DrivenSession()
  session.agentVersions = { worker: '1', writer: '1' }
  session.run(steps)
  const end = (stepId: string, agentVersion: string | undefined, outcome: AttemptOutcome) =>
    session.send({ type: 'outcome', ...session.ref(stepId), usage: [], agentVersion, outcome })
  const problem = { code: 'upstream_error' as const, message: 'busy', isRetryable: true }
  end('a', '2', { kind: 'needs_approval', action: 'pay', args: {}, reason: 'money leaves' })
  session.decide('a', { action: 'approve' })
  end('a', '3', { kind: 'failed', problem })
  session.nowMs += 60_000
  session.send({ type: 'tick' })
  end('a', undefined, { kind: 'succeeded', output: {}, citations: [], confidence: 1 })
  end('answer', '4', { kind: 'failed', problem: { ...problem, isRetryable: false } })
  expect(
    session.events.filter(({ agentVersion }) => agentVersion !== undefined).map(({ type, agentVersion }) => [type, agentVersion]),
  ).toEqual([
    ['step.dispatched', '1'],
    ['approval.requested', '2'],
    ['step.dispatched', '1'],
    ['step.retried', '3'],
    ['step.dispatched', '1'],
    ['step.succeeded', '1'],
    ['step.dispatched', '1'],
    ['step.failed', '4'],
  ])
  expect(viewSession(session.state).turns[0]?.steps.map(({ agentVersion }) => agentVersion)).toEqual(['1', '4'])
})

it('a turn runs by the plan it began with, also when the planner answers differently later', () => {
  const session = new DrivenSession()
  session.submit()
  const planned = (stepId: string) => ({
    type: 'planned' as const,
    turn: 1,
    planAttempt: 1,
    result: {
      kind: 'plan' as const,
      plan: {
        planId: `plan_${stepId}`,
        schemaVersion: 1 as const,
        mode: 'direct',
        answerStepId: stepId,
        steps: [{ stepId, agent: 'worker', capability: 'work', params: {}, dependsOn: [], parallel: false }],
      },
    },
  })
  session.send(planned('first'))
  session.send(planned('second'))
  session.send({ type: 'activate' })
  expect(session.state.turns[0]?.plan?.planId).toBe('plan_first')
  expect(session.dispatched()).toEqual(['first', 'first'])
})
