import { expect, it } from '@jest/globals'
import type { ProblemCode } from '@weft/contracts'
import { retryDelayMsMax } from './retry-delay.ts'
import { DrivenSession } from './testing.ts'

function attemptsUntilFailed(code: ProblemCode): number {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer' }])
  const outcome = { kind: 'failed' as const, problem: { code, message: 'no answer', isRetryable: true }, mayHaveHappened: true }
  while (session.turnStatus === 'running') {
    session.send({ type: 'outcome', ...session.ref('answer'), usage: [], outcome })
    session.nowMs += retryDelayMsMax
    session.send({ type: 'tick' })
  }
  return session.dispatched().length
}

it('a step is tried more often where its agent was not reached than where the agent failed', () => {
  expect(attemptsUntilFailed('upstream_error')).toBe(6)
  expect(attemptsUntilFailed('dependency_unavailable')).toBe(10)
})
