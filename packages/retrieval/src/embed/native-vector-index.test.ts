import { expect, it } from '@jest/globals'
import { openDatabase, sql } from '@weft/database'
import { findNativePostgres, startNativeDatabase, type TestDatabase } from '@weft/database/testing'
import { fakeEmbedder } from '../testing.ts'
import { settleEmbeddingModel } from './postgres-embedding-models.ts'
import { buildVectorIndex } from './postgres-vector-index.ts'

const installed = findNativePostgres()
const itWithServer = installed === undefined ? it.skip : it
const embedder = fakeEmbedder("openai/anybody's $$model", 8)

itWithServer('the index of vectors is built by one of all who find it missing at once', () =>
  withManyVectors(async ({ database }) => {
    const model = await embedder.describe()
    await Promise.all(Array.from({ length: 4 }, () => buildVectorIndex(database, model, { isBulkOver: true })))
    expect(await indexes({ database })).toEqual([{ is_there: true }])
  }),
)

itWithServer('who gives up waiting for the index of vectors hears of no failure, and the database completes it', () =>
  withManyVectors(async ({ database, url }) => {
    const impatient = openDatabase({ urls: [url], queryTimeoutMs: 1_000 })
    await database.db.transaction().execute(async (writer) => {
      await sql`update chunk_embeddings set n = n where chunk_id = (select min(chunk_id) from chunk_embeddings)`.execute(writer)
      await buildVectorIndex(impatient, await embedder.describe(), { isBulkOver: true })
      expect(await indexes({ database })).toEqual([])
    })
    while ((await indexes({ database })).length === 0) await new Promise((resolve) => setTimeout(resolve, 100))
    await impatient.stop()
  }),
)

async function withManyVectors(act: (test: TestDatabase) => Promise<void>): Promise<void> {
  const test = await startNativeDatabase(installed ?? '')
  const { db } = test.database
  try {
    await settleEmbeddingModel(test.database, { chosen: embedder, canEmbed: () => true })
    await sql`insert into vector_stores (id, tenant, name) values ('vs_many', 'acme', 'many')`.execute(db)
    await sql`insert into files (id, tenant, filename, bytes, purpose, content_hash) values ('file_many', 'acme', 'many', 1, 'assistants', '')`.execute(
      db,
    )
    // Their words are not searched.
    await sql`alter table chunks disable trigger user`.execute(db)
    await sql`
      with added as (
        insert into chunks (tenant, vector_store_id, file_id, n, start_offset, end_offset, title, text)
        select 'acme', 'vs_many', 'file_many', n, n, n + 1, '', 'text' from generate_series(1, 5000) n returning id, n
      )
      insert into chunk_embeddings (model, chunk_id, n, tenant, vector_store_id, text_hash, embedding)
      select ${embedder.id}, id, 0, 'acme', 'vs_many', '', array[sin(n), cos(n), 1, 1, 1, 1, 1, 1]::real[]::halfvec from added
    `.execute(db)
    await act(test)
  } finally {
    await test.stop()
  }
}

async function indexes({ database }: Pick<TestDatabase, 'database'>): Promise<unknown[]> {
  const { rows } = await sql`
    select indexdef like '%halfvec_ip_ops%' as is_there from pg_indexes where indexname like 'chunk\\_embeddings\\_of\\_%'
  `.execute(database.db)
  return rows
}
