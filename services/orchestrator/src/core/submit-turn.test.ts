import { expect, it } from '@jest/globals'
import { compactAfterMs } from './compact-session.ts'
import { fromHead, partsOf, toHead } from './persist-session.ts'
import { SessionHead } from './session-head.ts'
import { sessionLimits } from './session-limits.ts'
import { viewSession } from './session-view.ts'
import { DrivenSession } from './testing.ts'

/** A session whose first turn came under a client's key and is no longer kept. */
function outgrown(): DrivenSession {
  const session = new DrivenSession()
  for (let turn = 1; turn <= sessionLimits.turnsKept + 2; turn += 1) {
    session.submit({ idempotencyKey: `client-${turn}`, requestHash: `hash-${turn}` })
    session.send({ type: 'cancel', turn: undefined })
  }
  expect(session.state.turns.map(({ turn }) => turn)).not.toContain(1)
  return session
}

const again = { idempotencyKey: 'client-1', requestHash: 'hash-1' }

it('a turn that is no longer kept is not done again under its key, nor is another request', async () => {
  const session = outgrown()
  const { state } = await fromHead(SessionHead.parse(JSON.parse(JSON.stringify(toHead(session.state)))), async (key, schema) =>
    schema.parse(JSON.parse(JSON.stringify(partsOf(session.state).get(key)))),
  )
  session.state = state
  expect(session.submit(again).reply).toMatchObject({ turn: 1, isRepeat: true })
  expect(() => session.submit({ ...again, requestHash: 'other' })).toThrow(expect.objectContaining({ code: 'conflict' }))
  expect(session.state.lastTurn).toBe(sessionLimits.turnsKept + 2)
})

it('after a day a key is good for another request', () => {
  const session = outgrown()
  session.nowMs += compactAfterMs
  session.submit({ idempotencyKey: 'client-new', requestHash: 'x' })
  session.send({ type: 'cancel', turn: undefined })
  session.submit({ idempotencyKey: 'client-newer', requestHash: 'x' })
  expect(session.submit(again).reply).toMatchObject({ isRepeat: false })
})

it('a turn goes on from the newest one where it names it, and is still found again after it has', () => {
  const session = outgrown()
  const { lastTurn } = session.state
  const next = { idempotencyKey: 'client-next', requestHash: 'next', previousTurn: lastTurn }
  expect(session.submit(next).reply).toMatchObject({ turn: lastTurn + 1, isRepeat: false })
  expect(session.submit(next).reply).toMatchObject({ turn: lastTurn + 1, isRepeat: true })
  const stale = { code: 'invalid_request', param: 'previous_response_id' }
  for (const previousTurn of [lastTurn, lastTurn + 2])
    expect(() => session.submit({ previousTurn })).toThrow(expect.objectContaining(stale))
  expect(session.state.lastTurn).toBe(lastTurn + 1)
})

it('what a caller wished who does not wait is shown with its turn, and kept with its first event', () => {
  const session = new DrivenSession()
  session.submit({ options: { background: true, approval: 'wait' } })
  expect(viewSession(session.state).turns[0]).toMatchObject({ isBackground: true, onPause: 'wait' })
  expect(session.events[0]).toMatchObject({ type: 'turn.accepted', isBackground: true })
})

it('that no response is to be kept of a turn is shown with it, and kept with its first event', () => {
  const session = new DrivenSession()
  session.submit({ isStored: false, showsSearch: true })
  expect(viewSession(session.state).turns[0]).toMatchObject({ isStored: false, showsSearch: true })
  expect(session.events[0]).toMatchObject({ type: 'turn.accepted', isStored: false, showsSearch: true })
})
