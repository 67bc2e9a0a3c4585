import { expect, it } from '@jest/globals'
import { compactAfterMs } from './compact-session.ts'
import { fromHead, partsOf, toHead } from './persist-session.ts'
import { SessionHead } from './session-head.ts'
import { sessionLimits } from './session-limits.ts'
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
