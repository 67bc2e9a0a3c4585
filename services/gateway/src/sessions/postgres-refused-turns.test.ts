import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createPostgresRefusedTurns } from './postgres-refused-turns.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

it('tells of refused turns once their gateway would have given them up, for a day, and until they are forgotten', async () => {
  const { db } = test.database
  const turns = createPostgresRefusedTurns(test.database)
  const turn = { tenant: 'acme', sessionId: 'sess_1', idempotencyKey: 'request-1' }
  const age = (interval: string) => sql`update refused_turns set refused_at = now() - ${interval}::interval`.execute(db)
  await turns.note(turn)
  await turns.note(turn)
  expect(await turns.left()).toEqual([])
  await age('3 minutes')
  expect(await turns.left()).toEqual([turn])
  await turns.forget(turn)
  expect(await turns.left()).toEqual([])
  await turns.note(turn)
  await age('25 hours')
  expect(await turns.left()).toEqual([])
  expect((await sql`select from refused_turns`.execute(db)).rows).toEqual([])
})
