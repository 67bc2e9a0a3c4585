import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { findNativePostgres, startNativeDatabase, startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createFileReader, type FileReader } from '../ingest/file-reader.ts'
import { ingestFile } from '../ingest/ingest-file.ts'
import { searchKnowledge } from '../search/postgres-search-knowledge.ts'
import { createKnowledgeStore } from '../store/knowledge-store.ts'
import { fakeEmbedder, loadAsChunks } from '../testing.ts'
import { chunksOfRound, embedChunks } from './embed-chunks.ts'
import { listEmbeddingModels, settleEmbeddingModel } from './postgres-embedding-models.ts'
import { cancelRebuild, readRebuild, startRebuild } from './postgres-embedding-rebuild.ts'
import { rebuildVectors } from './rebuild-vectors.ts'

const native = findNativePostgres()
const starts: Record<string, (() => Promise<TestDatabase>) | undefined> = {
  'the embedded database': startTestDatabase,
  'a native PostgreSQL': native === undefined ? undefined : () => startNativeDatabase(native),
}

for (const [name, start] of Object.entries(starts)) {
  if (start !== undefined) describe(`on ${name}`, () => anotherModel(start))
}

type Fake = ReturnType<typeof fakeEmbedder>

function anotherModel(start: () => Promise<TestDatabase>): void {
  const tenant = 'acme'
  let test: TestDatabase
  let reader: FileReader
  let vectorStoreId: string
  let before: Fake
  let after: Fake

  beforeAll(async () => {
    test = await start()
    reader = createFileReader()
  })

  afterAll(async () => {
    await reader.stop()
    await test.stop()
  })

  beforeEach(async () => {
    const { db } = test.database
    for (const table of ['embedding_models', 'chunks', 'vector_stores']) await sql`delete from ${sql.table(table)}`.execute(db)
    before = fakeEmbedder()
    after = fakeEmbedder('test/other', 96)
    const documents = Array.from({ length: 70 }, (_, n) => ({
      _id: String(n),
      title: '',
      text: `automobile number ${n}`,
      metadata: {},
    }))
    vectorStoreId = await loadAsChunks(test.database, { name: '', documents, queries: [], judgements: new Map() }, tenant)
    await settle(before)
    while ((await embedChunks({ database: test.database, embedder: before })).embedded > 0);
  })

  function settle(chosen: Fake | undefined, canEmbed: (id: string) => boolean = () => true) {
    return settleEmbeddingModel(test.database, { chosen, canEmbed })
  }

  async function add(text: string): Promise<string> {
    const store = createKnowledgeStore(test.database)
    const content = (async function* () {
      yield Buffer.from(text)
    })()
    const { id: fileId } = await store.createFile({ tenant, filename: 'a.txt', content })
    await store.addFile({ tenant, vectorStoreId, fileId })
    await ingestFile({ database: test.database, reader }, { tenant, vectorStoreId, fileId })
    return fileId
  }

  const round = (embedder: Fake | undefined = after) => rebuildVectors({ database: test.database, embedder })
  const rebuildOf = async (chosen: string | undefined) =>
    readRebuild(test.database, await listEmbeddingModels(test.database), chosen)
  const statesOf = async () => Object.fromEntries((await listEmbeddingModels(test.database)).map(({ id, state }) => [id, state]))

  /** By meaning alone: no text holds the word. */
  async function findCars(embedder: Fake, follow?: (model: string) => Fake | undefined) {
    const tools = { database: test.database, embedder, ...(follow === undefined ? {} : { follow }) }
    const { results, skipped } = await searchKnowledge(tools, {
      tenant,
      vectorStoreIds: [vectorStoreId],
      query: 'car',
      maxResults: 5,
    })
    return { found: results.length, skipped }
  }

  it('is refused as long as the vectors are those of the one before, and the refusal names the command', async () => {
    const { active, problem } = await settle(after)
    expect(active).toBe(before.id)
    expect(problem).toBe(
      `the vectors stored are those of test/words, and test/other cannot be compared with them: "npx weft embeddings rebuild" makes those of test/other, and test/words set as WEFT_EMBEDDER keeps what is there; test/words goes on until it is done`,
    )
    expect((await findCars(before)).found).toBe(5)
  })

  it('leaves search to words where the one before cannot be asked any more, and says so', async () => {
    const { active, problem } = await settle(after, () => false)
    expect(active).toBeUndefined()
    expect(problem).toContain('test/words cannot be asked, search goes by words')
  })

  it('is found by at every moment of a rebuild, and by the new one once it has all', async () => {
    await startRebuild(test.database, after)
    const follow = (model: string) => [before, after].find(({ id }) => id === model)
    for (let last = await round(); last.switchedTo === undefined; last = await round())
      expect(await findCars(before)).toEqual({ found: 5, skipped: [] })
    expect(await findCars(before, follow)).toEqual({ found: 5, skipped: [] })
    expect(await findCars(after)).toEqual({ found: 5, skipped: [] })
    expect(after.embedded()).toBe(70)
    expect(await statesOf()).toEqual({ [before.id]: 'retired', [after.id]: 'active' })
  })

  it('embeds nothing twice when it is gone on with after a kill', async () => {
    await startRebuild(test.database, after)
    await round()
    expect((await rebuildOf(undefined)).rebuild).toMatchObject({ model: after.id, done: chunksOfRound })
    await sql`update embedding_queue set claimed_until = null`.execute(test.database.db)
    const next = fakeEmbedder(after.id, 96)
    await settle(next)
    await startRebuild(test.database, next)
    for (let last = await round(next); last.switchedTo === undefined; ) last = await round(next)
    expect(after.embedded() + next.embedded()).toBe(70)
  })

  it('gives what is added meanwhile vectors of both, and completes it with those that are searched', async () => {
    await startRebuild(test.database, after)
    await round()
    const fileId = await add('a late automobile')
    await embedChunks({ database: test.database, embedder: before })
    const file = await createKnowledgeStore(test.database).getVectorStoreFile({ tenant, vectorStoreId, fileId })
    expect(file.status).toBe('completed')
    for (let last = await round(); last.switchedTo === undefined; ) last = await round()
    expect(after.embedded()).toBe(71)
  })

  it('deletes the vectors of the one before when no search can be reading them any more', async () => {
    await startRebuild(test.database, after)
    for (let last = await round(); last.switchedTo === undefined; ) last = await round()
    expect((await round()).deleted).toBe(0)
    await sql`update embedding_models set retired_at = retired_at - interval '1 minute'`.execute(test.database.db)
    expect((await round()).deleted).toBe(70)
    expect(await statesOf()).toEqual({ [after.id]: 'active' })
  })

  it('is cancelled without a trace', async () => {
    await startRebuild(test.database, after)
    await round()
    expect(await cancelRebuild(test.database)).toBe(after.id)
    expect(await cancelRebuild(test.database)).toBeUndefined()
    expect((await round()).deleted).toBe(chunksOfRound)
    expect(await statesOf()).toEqual({ [before.id]: 'active' })
    expect(await findCars(before)).toEqual({ found: 5, skipped: [] })
  })

  it('is one at a time', async () => {
    await startRebuild(test.database, after)
    await expect(startRebuild(test.database, fakeEmbedder('test/third'))).rejects.toThrow(
      'the vectors of test/other are being made: wait for them, or end that with "npx weft embeddings cancel"',
    )
  })

  it('has what it takes told before: chunks without its vectors, and about how many tokens', async () => {
    const { chunks, left, rebuild } = await rebuildOf(after.id)
    expect({ chunks, rebuild }).toEqual({ chunks: 70, rebuild: undefined })
    expect(left).toEqual({ chunks: 70, tokens: 340 })
    expect((await rebuildOf(before.id)).left).toEqual({ chunks: 0, tokens: 0 })
  })

  it('that ends while it is asked about is told of as it was, not as cancelled', async () => {
    await startRebuild(test.database, after)
    const models = await listEmbeddingModels(test.database)
    for (let last = await round(); last.switchedTo === undefined; ) last = await round()
    const { rebuild } = await readRebuild(test.database, models, after.id)
    expect(rebuild).toMatchObject({ model: after.id, done: 70 })
    expect((await rebuildOf(after.id)).rebuild).toBeUndefined()
  })

  it('whose vectors have another size than those stored under its name is refused', async () => {
    await expect(settle(fakeEmbedder(before.id, 32))).rejects.toThrow('test/words now makes vectors of 32 dimensions')
  })
}
