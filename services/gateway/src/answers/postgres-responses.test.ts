import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createPostgresResponses } from './postgres-responses.ts'
import type { ResponseStore } from './response-store.ts'

let test: TestDatabase
let responses: ResponseStore
beforeAll(async () => {
  test = await startTestDatabase()
  responses = createPostgresResponses(test.database)
})
afterAll(() => test.stop())

const stored = (id: string, previousId?: string) => ({
  id,
  previousId,
  input: [{ type: 'message', role: 'user', content: 'naïve "quotes" \\u0041' }],
  response: { id, output: [{ type: 'message', id: `msg_${id}_0` }] },
})

it('finds a response again, for its tenant alone, until it is deleted', async () => {
  await responses.save('acme', stored('resp_2', 'resp_1'))
  expect(await responses.find('acme', 'resp_2')).toEqual(stored('resp_2', 'resp_1'))
  expect(await responses.find('other', 'resp_2')).toBeUndefined()
  expect(await responses.delete('other', 'resp_2')).toBe(false)
  expect(await responses.delete('acme', 'resp_2')).toBe(true)
  expect(await responses.find('acme', 'resp_2')).toBeUndefined()
})

it('knows which turns are shown as responses no more, of each tenant, however often that was said', async () => {
  const place = { sessionId: 'sess_1', turn: 2 }
  await responses.forgetTurn('acme', place)
  await responses.forgetTurn('acme', place)
  expect(await responses.isForgotten('acme', place)).toBe(true)
  expect(await responses.isForgotten('other', place)).toBe(false)
  expect(await responses.isForgotten('acme', { ...place, turn: 1 })).toBe(false)
})

it('forgets a response after its time, and clears it away with the next one', async () => {
  await responses.save('acme', stored('resp_old'))
  await sql`update responses set expires_at = now() - interval '1 second' where id = 'resp_old'`.execute(test.database.db)
  expect(await responses.find('acme', 'resp_old')).toBeUndefined()
  await responses.save('acme', stored('resp_new'))
  const { rows } = await sql`select id from responses where tenant = 'acme' order by id`.execute(test.database.db)
  expect(rows).toEqual([{ id: 'resp_new' }])
})
