import { expect, it } from '@jest/globals'
import { viewSession } from './session-view.ts'
import { DrivenSession, turnRequest } from './testing.ts'
import { beatOf, nextWakeMs } from './tick-session.ts'

function running(): DrivenSession {
  const session = new DrivenSession()
  session.run([{ stepId: 'a' }, { stepId: 'answer', dependsOn: ['a'] }])
  return session
}

it('a paused session keeps the results of what runs and starts nothing new, until it is resumed', () => {
  const session = running()
  session.send({ type: 'pause' })
  session.send({ type: 'pause' })
  session.succeed('a')
  session.send({ type: 'tick' })
  expect(session.dispatched()).toEqual(['a'])
  const [, answer] = viewSession(session.state).turns[0]?.steps ?? []
  expect(answer).toMatchObject({ status: 'ready', waitingFor: { cause: 'the session is paused' } })
  expect(session.events.filter(({ type }) => type === 'step.ready')).toMatchObject([
    { stepId: 'answer', cause: 'the session is paused' },
  ])
  session.send({ type: 'resume' })
  expect(session.dispatched()).toEqual(['a', 'answer'])
  session.succeed('answer')
  expect(session.turnStatus).toBe('completed')
})

it('a turn that comes while the session is paused waits unplanned', () => {
  const session = new DrivenSession()
  session.send({ type: 'submit', request: turnRequest() })
  session.send({ type: 'planned', turn: 1, planAttempt: 1, result: { kind: 'message', text: 'done', degraded: [] } })
  session.send({ type: 'pause' })
  session.submit({ requestId: 'req_2' })
  expect(session.commands.filter((command) => command.type === 'plan')).toHaveLength(1)
  session.send({ type: 'resume' })
  expect(session.commands.at(-1)).toEqual({ type: 'plan', turn: 2, planAttempt: 1 })
})

it('an approval given while the session is paused counts, and its step starts on resume', () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', approval: { reason: 'ask' } }])
  session.send({ type: 'pause' })
  session.decide('answer', { action: 'approve' })
  expect(session.dispatched()).toEqual([])
  session.send({ type: 'resume' })
  expect(session.dispatched()).toEqual(['answer'])
})

it('a paused session needs neither timer nor heartbeat once everything is in the log', () => {
  const session = running()
  session.send({ type: 'pause' })
  session.succeed('a')
  session.send({ type: 'flushed', upToSeq: session.state.lastSeq })
  expect(nextWakeMs(session.state, session.nowMs)).toBeUndefined()
  expect(beatOf(session.state)).toBe('never')
})

it('an attempt that was not sent to its agent yet is taken back when the session is paused, and is no failure', () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', onFailure: { action: 'fail', maxAttempts: 1 } }])
  const first = session.ref('answer')
  session.send({ type: 'pause' })
  expect(session.commands.at(-1)).toEqual({ type: 'hold', ...first })
  session.send({ type: 'unsent', ...first })
  session.send({ type: 'unsent', ...first })
  session.send({ type: 'tick' })
  expect([session.statusOf('answer'), session.dispatched()]).toEqual(['ready', ['answer']])
  session.send({ type: 'resume' })
  expect(session.state.turns[0]?.steps.answer).toMatchObject({ status: 'dispatched', attempt: 2, interruptions: 1 })
})

it('an attempt that is taken back after the session was resumed is made at once', () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer' }])
  const first = session.ref('answer')
  session.send({ type: 'pause' })
  session.send({ type: 'resume' })
  session.send({ type: 'unsent', ...first })
  expect(session.ref('answer')).toMatchObject({ attempt: 2 })
})
