import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createKnowledgeStore } from './knowledge-store.ts'
import type { KnowledgeStore } from './knowledge-types.ts'
import { readKnowledgeVersion } from './postgres-knowledge-version.ts'

let test: TestDatabase
let store: KnowledgeStore
const tenant = 'acme'

beforeAll(async () => {
  test = await startTestDatabase()
  store = createKnowledgeStore(test.database)
})
afterAll(() => test.stop())

async function* bytesOf(text: string) {
  yield Buffer.from(text)
}

async function storeOf(...names: string[]): Promise<{ vectorStoreId: string; fileIds: string[] }> {
  const files = await Promise.all(names.map((filename) => store.createFile({ tenant, filename, content: bytesOf(filename) })))
  const fileIds = files.map(({ id }) => id)
  return { vectorStoreId: (await store.createVectorStore({ tenant, fileIds })).id, fileIds }
}

it('the version of knowledge is another one after every change of a file, and of no other store', async () => {
  const { vectorStoreId, fileIds } = await storeOf('a.md', 'b.md')
  const [fileId = '', other = ''] = fileIds
  const place = { tenant, vectorStoreId, fileId }
  const index = () =>
    sql`update vector_store_files set status = 'completed', updated_at = clock_timestamp() where vector_store_id = ${vectorStoreId}`
  const changes: [string, () => Promise<unknown>][] = [
    ['is indexed', () => index().execute(test.database.db)],
    ['gets other attributes', () => store.updateAttributes({ ...place, attributes: { year: 1871 } })],
    ['gets another name', () => store.renameFile({ tenant, fileId, filename: 'c.md' })],
    ['is indexed anew', () => store.addFile(place)],
    ['leaves', () => store.removeFile({ ...place, fileId: other })],
    ['is deleted', () => store.deleteFile({ tenant, fileId })],
  ]
  const versions = [await readKnowledgeVersion(test.database, { tenant, vectorStoreIds: [vectorStoreId] })]
  for (const [what, change] of changes) {
    await change()
    const version = await readKnowledgeVersion(test.database, { tenant, vectorStoreIds: [vectorStoreId] })
    expect([what, versions.includes(version)]).toEqual([what, false])
    expect(await readKnowledgeVersion(test.database, { tenant, vectorStoreIds: [vectorStoreId] })).toBe(version)
    await storeOf('elsewhere.md')
    expect(await readKnowledgeVersion(test.database, { tenant, vectorStoreIds: [vectorStoreId] })).toBe(version)
    versions.push(version)
  }
})
