import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { type KnowledgeTestbed, startKnowledgeTestbed } from './testing.ts'

let testbed: KnowledgeTestbed

beforeAll(async () => {
  testbed = await startKnowledgeTestbed()
})
afterAll(() => testbed.stop())

it('a store expires its days after it was last used, and then names what to do', async () => {
  const { client } = testbed
  const { id } = await client.vectorStores.create({ name: 'brief', expires_after: { anchor: 'last_active_at', days: 2 } })
  const brief = await client.vectorStores.retrieve(id)
  expect(brief.expires_after).toEqual({ anchor: 'last_active_at', days: 2 })
  expect(brief.expires_at).toBe((brief.last_active_at ?? 0) + 172_800)
  const kept = await client.vectorStores.update(id, { expires_after: null })
  expect(kept).toMatchObject({ expires_after: null, expires_at: null })
  const again = await client.vectorStores.update(id, { expires_after: { anchor: 'last_active_at', days: 1 } })
  expect(again).toMatchObject({ expires_after: { days: 1 }, status: 'completed' })
  await sql`update vector_stores set last_active_at = now() - interval '1 day' where id = ${id}`.execute(testbed.database.db)
  expect(await client.vectorStores.retrieve(id)).toMatchObject({ status: 'expired' })
  expect((await client.vectorStores.list()).data).toContainEqual(expect.objectContaining({ id, status: 'expired' }))
  const gone = { status: 410, code: 'gone', param: 'vector_store_id', message: expect.stringContaining('make a new one') }
  await expect(client.vectorStores.search(id, { query: 'x' })).rejects.toMatchObject(gone)
  const file = await client.files.create({ file: new File(['late'], 'late.md'), purpose: 'assistants' })
  await expect(client.vectorStores.files.create(id, { file_id: file.id })).rejects.toMatchObject(gone)
  await client.vectorStores.delete(id)
})
