import { expect, it } from '@jest/globals'
import { isTerminalStep, isTerminalTurn, type WorkflowStep } from '@weft/contracts'
import fc from 'fast-check'
import { fromHead, partsOf, toHead } from './persist-session.ts'
import type { SessionCommand, SessionInput } from './session-state.ts'
import { DrivenSession } from './testing.ts'

/** A random acyclic plan: each step depends only on earlier ones, the last one answers. */
const plans = fc.integer({ min: 1, max: 8 }).chain((count) =>
  fc.tuple(
    ...Array.from({ length: count }, (_, index) =>
      fc.record({
        stepId: fc.constant(index === count - 1 ? 'answer' : `s${index}`),
        dependsOn: fc.subarray(Array.from({ length: index }, (__, earlier) => `s${earlier}`)),
        onFailure: fc.constantFrom<NonNullable<WorkflowStep['onFailure']>>(
          { action: 'skip', maxAttempts: 2 },
          { action: 'retry', maxAttempts: 3 },
          { action: 'fallback', agent: 'second', maxAttempts: 1 },
        ),
      }),
    ),
  ),
)

type Dispatch = Extract<SessionCommand, { type: 'dispatch' }>

/** What may happen to a dispatched attempt: it succeeds or fails, once or twice, soon or late, or is lost with its host. */
const fates = fc.array(fc.constantFrom('succeed', 'repeat', 'fail', 'fail for good', 'crash', 'lose', 'late'), {
  minLength: 60,
  maxLength: 60,
})

it('any plan under any interleaving of results, losses, repeats and crashes ends, with at most one counted success a step', () => {
  fc.assert(
    fc.property(plans, fates, (steps, script) => {
      const session = new DrivenSession()
      session.run(steps)
      const successes = new Map<string, number>()
      const pending: Dispatch[] = []
      let taken = 0
      let fateIndex = 0
      const collect = () => {
        for (; taken < session.commands.length; taken += 1) {
          const command = session.commands[taken]
          if (command?.type === 'dispatch') pending.push(command)
        }
      }
      for (let round = 0; round < 400 && !isTerminalTurn(session.state.turns[0]?.status ?? 'running'); round += 1) {
        collect()
        const attempt = pending.shift()
        if (attempt === undefined) {
          session.nowMs += 400_000
          session.send({ type: 'tick' })
          continue
        }
        const fate = script[fateIndex++] ?? 'succeed'
        if (fate === 'late') pending.push(attempt)
        else if (fate === 'crash') session.send({ type: 'activate' })
        else if (fate !== 'lose') deliver(session, attempt, fate, successes)
      }
      const [turn] = session.state.turns
      expect(isTerminalTurn(turn?.status ?? 'running')).toBe(true)
      expect(Object.values(turn?.steps ?? {}).every((step) => isTerminalStep(step.status))).toBe(true)
      for (const count of successes.values()) expect(count).toBe(1)
    }),
    { numRuns: 300 },
  )
})

function deliver(session: DrivenSession, attempt: Dispatch, fate: string, successes: Map<string, number>): void {
  const { type: _, ...ref } = attempt
  const problem = { code: 'upstream_error' as const, message: 'broken', isRetryable: fate === 'fail' }
  const outcome = fate.startsWith('fail')
    ? { kind: 'failed' as const, problem }
    : { kind: 'succeeded' as const, output: { text: 'done' }, citations: [], confidence: 1 }
  const input: SessionInput = { type: 'outcome', ...ref, usage: [], outcome }
  for (let copy = 0; copy < (fate === 'repeat' ? 2 : 1); copy += 1) {
    const counted = session.send(input).events.some((event) => event.type === 'step.succeeded')
    if (counted) successes.set(ref.stepId, (successes.get(ref.stepId) ?? 0) + 1)
  }
}

it('a session read back from its head and parts is the session that was written', async () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'a' }, { stepId: 'answer', dependsOn: ['a'], approval: { reason: 'ask', quorum: 2 } }])
  session.succeed('a', { passages: ['x'] })
  session.decide('answer', { action: 'modify', params: { more: true } })
  const store = JSON.parse(JSON.stringify({ head: toHead(session.state), parts: Object.fromEntries(partsOf(session.state)) }))
  const loaded = await fromHead(store.head, async (key, schema) => schema.parse(store.parts[key]))
  expect(JSON.parse(JSON.stringify(loaded))).toEqual(JSON.parse(JSON.stringify(session.state)))
})
