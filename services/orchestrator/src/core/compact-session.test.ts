import { expect, it } from '@jest/globals'
import { compactAfterMs } from './compact-session.ts'
import { partsOf } from './persist-session.ts'
import { DrivenSession, turnRequest } from './testing.ts'

function answered(): DrivenSession {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer' }])
  session.succeed('answer', { text: 'Rayleigh.' })
  session.send({ type: 'flushed', upToSeq: session.state.lastSeq })
  return session
}

it('a session that ended a day ago keeps nothing but its counters', () => {
  const session = answered()
  session.send({ type: 'compact' })
  expect(session.state.turns).toHaveLength(1)
  session.nowMs += compactAfterMs
  const { lastSeq } = session.state
  session.send({ type: 'compact' })
  expect(session.state).toMatchObject({ turns: [], lastTurn: 1, lastSeq })
  expect([...partsOf(session.state).keys()]).toEqual([])
})

it('a session with work left, or events not yet in the log, is not compacted', () => {
  const waiting = new DrivenSession()
  waiting.run([{ stepId: 'answer', approval: { reason: 'ask' } }])
  const unlogged = new DrivenSession()
  unlogged.run([{ stepId: 'answer' }])
  unlogged.succeed('answer')
  for (const session of [waiting, unlogged]) {
    session.nowMs += 2 * compactAfterMs
    session.send({ type: 'compact' })
    expect(session.state.turns).toHaveLength(1)
  }
})

it('a message to a compacted session asks for what was said, and its turn goes on from there', () => {
  const session = answered()
  session.nowMs += compactAfterMs
  session.send({ type: 'compact' })
  expect(session.submit().reply).toEqual({ kind: 'needs_history' })
  const request = turnRequest({ requestId: 'req_2' })
  const history = [
    { role: 'user' as const, content: 'why?' },
    { role: 'assistant' as const, content: 'Rayleigh.' },
  ]
  const { reply } = session.send({ type: 'submit', request, history })
  expect(reply).toMatchObject({ kind: 'submitted', turn: 2, isRepeat: false })
  expect(session.state.turns[0]?.request.messages.map((message) => message.content)).toEqual([
    'why?',
    'Rayleigh.',
    'why is the sky blue?',
  ])
})
