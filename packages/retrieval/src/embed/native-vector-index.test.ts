import { expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { findNativePostgres, startNativeDatabase } from '@weft/database/testing'
import { fakeEmbedder } from '../testing.ts'
import { settleEmbeddingModel } from './postgres-embedding-models.ts'
import { buildVectorIndex } from './postgres-vector-index.ts'

const installed = findNativePostgres()
const itWithServer = installed === undefined ? it.skip : it

itWithServer(
  'the index of vectors is built by one of all who find it missing at once',
  async () => {
    const { database, stop } = await startNativeDatabase(installed ?? '')
    try {
      const embedder = fakeEmbedder("openai/anybody's $$model", 8)
      await settleEmbeddingModel(database, { chosen: embedder, canEmbed: () => true })
      await sql`insert into vector_stores (id, tenant, name) values ('vs_many', 'acme', 'many')`.execute(database.db)
      await sql`insert into files (id, tenant, filename, bytes, purpose, content_hash) values ('file_many', 'acme', 'many', 1, 'assistants', '')`.execute(
        database.db,
      )
      // Their words are not searched.
      await sql`alter table chunks disable trigger user`.execute(database.db)
      await sql`
      with added as (
        insert into chunks (tenant, vector_store_id, file_id, n, start_offset, end_offset, title, text)
        select 'acme', 'vs_many', 'file_many', n, n, n + 1, '', 'text' from generate_series(1, 5000) n returning id, n
      )
      insert into chunk_embeddings (model, chunk_id, n, tenant, vector_store_id, text_hash, embedding)
      select ${embedder.id}, id, 0, 'acme', 'vs_many', '', array[sin(n), cos(n), 1, 1, 1, 1, 1, 1]::real[]::halfvec from added
    `.execute(database.db)
      const model = await embedder.describe()
      await Promise.all(Array.from({ length: 4 }, () => buildVectorIndex(database, model, { isBulkOver: true })))
      const { rows } = await sql`
      select indexdef like '%halfvec_ip_ops%' as is_there from pg_indexes where indexname like 'chunk\\_embeddings\\_of\\_%'
    `.execute(database.db)
      expect(rows).toEqual([{ is_there: true }])
    } finally {
      await stop()
    }
  },
  180_000,
)
