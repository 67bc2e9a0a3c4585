import { expect, it } from '@jest/globals'
import { retryDelayMs } from './retry-delay.ts'
import { sessionLimits } from './session-limits.ts'
import { DrivenSession } from './testing.ts'
import { nextWakeMs } from './tick-session.ts'

it('a turn that an interrupted step ends is over for the steps beside it too', () => {
  const session = new DrivenSession()
  session.run([
    { stepId: 'charge', idempotent: false, onFailure: { action: 'fail' } },
    { stepId: 'look' },
    { stepId: 'answer', dependsOn: ['charge', 'look'] },
  ])
  session.send({ type: 'sending', ...session.ref('charge') })
  session.send({ type: 'activate' })
  expect([session.turnStatus, session.statusOf('look')]).toEqual(['failed', 'cancelled'])
})

it('attempts that end with their host are not counted as failures', () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', onFailure: { action: 'fail', maxAttempts: 2 } }])
  for (let crash = 0; crash < 10; crash += 1) session.send({ type: 'activate' })
  session.fail('answer', true)
  expect(session.statusOf('answer')).toBe('ready')
  expect(nextWakeMs(session.state, session.nowMs)).toBe(session.nowMs + retryDelayMs(1))
})

it('a step that waits for its next attempt has it although the clock was set back', () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', onFailure: { action: 'fail', maxAttempts: 3 } }])
  session.fail('answer', true)
  expect(session.statusOf('answer')).toBe('ready')
  session.nowMs -= 7_200_000
  expect(nextWakeMs(session.state, session.nowMs)).toBe(session.nowMs)
  session.send({ type: 'tick' })
  expect(session.statusOf('answer')).toBe('dispatched')
})

it('a step of which nothing was heard is given up long after its deadline: it may have waited for a place at its agent before', () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', timeoutMs: 1_000, onFailure: { action: 'fail', maxAttempts: 1 } }])
  session.nowMs += 60_000
  session.send({ type: 'tick' })
  expect(session.statusOf('answer')).toBe('dispatched')
  expect(session.commands).toContainEqual({ type: 'dispatch', turn: 1, stepId: 'answer', epoch: 1, attempt: 1 })
  session.nowMs += sessionLimits.attemptWaitMsMax
  session.send({ type: 'tick' })
  expect(session.turnStatus).toBe('failed')
  expect(session.state.turns[0]?.steps.answer?.problem?.code).toBe('timeout')
})

it('a step that must not happen twice is tried again when it never came to be sent, and given up when it may have happened', () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', idempotent: false, timeoutMs: 1_000 }])
  session.nowMs += sessionLimits.attemptWaitMsMax + 10_000
  session.send({ type: 'tick' })
  expect(session.statusOf('answer')).toBe('ready')
  session.nowMs += 1_000
  session.send({ type: 'tick' })
  session.send({ type: 'sending', ...session.ref('answer') })
  session.nowMs += sessionLimits.attemptWaitMsMax + 10_000
  session.send({ type: 'tick' })
  expect(session.turnStatus).toBe('failed')
})

it('what must not happen twice and only waited to be sent when its host ended is dispatched again unasked; a host that was overtaken may not send it', () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', idempotent: false, onFailure: { action: 'ask', maxAttempts: 1 } }])
  const first = session.ref('answer')
  session.send({ type: 'activate' })
  expect(session.state.turns[0]?.steps.answer).toMatchObject({ status: 'dispatched', attempt: 2, epoch: 2 })
  expect(session.send({ type: 'sending', ...first }).reply).toEqual({ kind: 'heard', isWanted: false })
  const note = () => session.send({ type: 'sending', ...session.ref('answer') }).reply
  expect([note(), note()]).toMatchObject([{ isWanted: true }, { isWanted: false }])
  session.send({ type: 'activate' })
  expect(session.statusOf('answer')).toBe('awaiting_approval')
})
