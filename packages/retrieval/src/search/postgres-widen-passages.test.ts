import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { Passage } from '@weft/contracts'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createFileReader } from '../ingest/file-reader.ts'
import { ingestFile } from '../ingest/ingest-file.ts'
import { createKnowledgeStore } from '../store/knowledge-store.ts'
import { searchKnowledge } from './postgres-search-knowledge.ts'
import { widenPassages } from './postgres-widen-passages.ts'

const tenant = 'acme'
const sentence = (subject: string) =>
  `${subject} 🐋 is told of here at some length so that a few of these make a chunk of their own. `
const text = `# Whales\n\n${sentence('The heart').repeat(12)}\n\n${sentence('The krill').repeat(12)}\n\n# Rivers\n\n${sentence('The Rhine').repeat(12)}\n`
let test: TestDatabase
let vectorStoreId = ''

beforeAll(async () => {
  test = await startTestDatabase()
  const store = createKnowledgeStore(test.database)
  const reader = createFileReader()
  async function* content() {
    yield Buffer.from(text)
  }
  vectorStoreId = (await store.createVectorStore({ tenant })).id
  const { id: fileId } = await store.createFile({ tenant, filename: 'whales.md', content: content() })
  const chunkingStrategy = { type: 'static' as const, static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } }
  await store.addFile({ tenant, vectorStoreId, fileId, chunkingStrategy })
  await ingestFile({ database: test.database, reader }, { tenant, vectorStoreId, fileId })
  await reader.stop()
})
afterAll(() => test.stop())

it('widens a passage by what stands under the same heading, with the offsets of the stored text', async () => {
  const [passage] = await find('krill')
  const [wide] = await widenPassages(test.database, { tenant, passages: [passage], charsMax: 1_500 })
  expect(wide?.text.length).toBeGreaterThan(passage.text.length)
  expect(wide?.text).toContain(passage.text)
  expect([...text].slice(wide?.start, wide?.end).join('')).toBe(wide?.text)
  expect((wide?.end ?? 0) - (wide?.start ?? 0)).toBeLessThanOrEqual(1_500)
})

it('gives passages that come to be one once, and leaves those of other tenants and of texts that are gone', async () => {
  const found = await find('krill heart')
  expect(found.length).toBeGreaterThan(1)
  const whole = await widenPassages(test.database, { tenant, passages: found, charsMax: 20_000 })
  expect(whole.length).toBeLessThan(found.length)
  expect(await widenPassages(test.database, { tenant: 'rival', passages: found, charsMax: 20_000 })).toEqual(found)
  const gone = { ...found[0], fileId: 'file_gone' }
  expect(await widenPassages(test.database, { tenant, passages: [gone], charsMax: 20_000 })).toEqual([gone])
})

async function find(query: string): Promise<[Passage, ...Passage[]]> {
  const request = { tenant, vectorStoreIds: [vectorStoreId], query, maxResults: 10 }
  const [first, ...more] = (await searchKnowledge(test, { ...request, options: { mode: 'hybrid', duplicates: 'keep' } })).results
  if (first === undefined) throw new Error(`nothing found for ${query}`)
  return [first, ...more]
}
