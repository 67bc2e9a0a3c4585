import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { oldThings } from './testing/old-things.ts'

let test: TestDatabase
let things: ReturnType<typeof oldThings>
beforeAll(async () => {
  test = await startTestDatabase()
  things = oldThings(test.database)
})
afterAll(async () => {
  things.stop()
  await test.stop()
})

it('a sweep that runs out of time is gone on with behind those that could not go, and then calls have their turn; the next round looks at all of them again', async () => {
  for (let n = 0; n < 110; n++) await things.session('long', `s${String(n).padStart(3, '0')}`, { daysOld: 200 - n })
  await things.call('long', 'call_long', { daysOld: 500 })
  const tried: string[] = []
  const { sessions } = things.deps
  const expire: typeof sessions.expire = async (session, lastSeq) => {
    tried.push(session.sessionId)
    return session.sessionId < 's100' ? Promise.reject(new Error('no host has it')) : sessions.expire(session, lastSeq)
  }
  // Each look at the clock takes a second, so each sweep is out of time after its first batch.
  let nowMs = 0
  const more = { sessions: { expire }, nowMs: () => (nowMs += 1_000) }
  const sweep = () => things.sweep('long', { sessions: 7, calls: 400 }, more, 1_500)
  const runs = [await sweep(), await sweep(), await sweep(), await sweep()]
  expect(runs.map(({ removed, isMoreDue }) => [removed.sessions, removed.calls, isMoreDue])).toEqual([
    [0, 0, true],
    [0, 0, true],
    [10, 0, true],
    [0, 1, false],
  ])
  expect(tried.toSorted()).toEqual(Array.from({ length: 110 }, (_, n) => `s${String(n).padStart(3, '0')}`))
  tried.length = 0
  await sweep()
  expect(tried).toHaveLength(50)
})
