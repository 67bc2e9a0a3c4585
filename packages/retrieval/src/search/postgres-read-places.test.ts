import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createFileReader } from '../ingest/file-reader.ts'
import { ingestFile } from '../ingest/ingest-file.ts'
import { createKnowledgeStore } from '../store/knowledge-store.ts'
import { readPlaces } from './postgres-read-places.ts'

const tenant = 'acme'
let test: TestDatabase
let place: { vectorStoreId: string; fileId: string; filename: string; start: number; end: number; score: number }

beforeAll(async () => {
  test = await startTestDatabase()
  const store = createKnowledgeStore(test.database)
  const reader = createFileReader()
  const vectorStoreId = (await store.createVectorStore({ tenant })).id
  async function* content() {
    yield Buffer.from('A 🐋 has a heart of 180 kg.')
  }
  const { id: fileId } = await store.createFile({ tenant, filename: 'whales.md', content: content() })
  await store.addFile({ tenant, vectorStoreId, fileId, attributes: { year: 2024 } })
  await ingestFile({ database: test.database, reader }, { tenant, vectorStoreId, fileId })
  await reader.stop()
  place = { vectorStoreId, fileId, filename: 'x', start: 2, end: 9, score: 1 }
})
afterAll(() => test.stop())

it('reads what stands at places, with the attributes of their files, and nothing of files that are gone or of another tenant', async () => {
  const elsewhere = { ...place, vectorStoreId: 'vs_none', end: 100_000 }
  const places = [place, { ...place, fileId: 'file_none' }, elsewhere]
  expect(await readPlaces(test.database, { tenant, places })).toEqual([
    { text: '🐋 has a', filename: 'whales.md', attributes: { year: 2024 } },
    undefined,
    { text: '🐋 has a heart of 180 kg.', filename: 'whales.md', attributes: {} },
  ])
  expect(await readPlaces(test.database, { tenant: 'rival', places: [place] })).toEqual([undefined])
})
