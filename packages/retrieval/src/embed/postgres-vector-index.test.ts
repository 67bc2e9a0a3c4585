import { expect, it } from '@jest/globals'
import { type Database, sql } from '@weft/database'
import { startTestDatabase } from '@weft/database/testing'
import { fakeEmbedder, loadAsChunks } from '../testing.ts'
import { settleEmbeddingModel } from './postgres-embedding-models.ts'
import { buildVectorIndex, dropVectorIndex } from './postgres-vector-index.ts'

const long = 'openai/an-organisation-of-some-length/a-model-'
const pairs: [string, string][] = [
  [`${long}a`, `${long}b`],
  ['openai/model.small', 'openai/model:small'],
]

it('models whose names begin alike, or differ in a sign only, have an index each', async () => {
  const { database, stop } = await startTestDatabase()
  try {
    const documents = [{ _id: '1', title: '', text: 'one', metadata: {} }]
    await loadAsChunks(database, { name: '', documents, queries: [], judgements: new Map() }, 'acme')
    for (const [one, other] of pairs) {
      for (const id of [one, other]) await storeMany(database, id)
      expect(await modelsWithIndex(database)).toEqual([one, other])
      await dropVectorIndex(database, one)
      expect(await modelsWithIndex(database)).toEqual([other])
      await dropVectorIndex(database, other)
    }
  } finally {
    await stop()
  }
})

it('an index that an earlier version named is the model’s own, and no other’s', async () => {
  const { database, stop } = await startTestDatabase()
  try {
    const documents = [{ _id: '1', title: '', text: 'one', metadata: {} }]
    await loadAsChunks(database, { name: '', documents, queries: [], judgements: new Map() }, 'acme')
    const [one, other] = ['openai/model.small', 'openai/model:small']
    await sql`
      create index chunk_embeddings_of_openai_model_small_f32 on chunk_embeddings
      using hnsw ((embedding::vector(8)) vector_ip_ops) where model = ${sql.lit(one)}
    `.execute(database.db)
    for (const id of [other, one]) await storeMany(database, id)
    expect(await modelsWithIndex(database)).toEqual([one, other])
    await dropVectorIndex(database, one)
    expect(await modelsWithIndex(database)).toEqual([other])
  } finally {
    await stop()
  }
})

async function storeMany(database: Database, id: string): Promise<void> {
  await sql`delete from embedding_models`.execute(database.db)
  await settleEmbeddingModel(database, { chosen: fakeEmbedder(id, 8), canEmbed: () => true })
  await sql`
    insert into chunk_embeddings (model, chunk_id, n, tenant, vector_store_id, text_hash, embedding)
    select ${id}, c.id, each.n, c.tenant, c.vector_store_id, '', array[sin(each.n), cos(each.n), 1, 1, 1, 1, 1, 1]::real[]::halfvec
    from chunks c cross join generate_series(1, 2000) each(n)
  `.execute(database.db)
  await buildVectorIndex(database, { id, dimensions: 8 }, { isBulkOver: false })
}

async function modelsWithIndex({ db }: Database): Promise<unknown[]> {
  const { rows } = await sql<{ definition: string }>`
    select indexdef as definition from pg_indexes where indexname like 'chunk\\_embeddings\\_of\\_%'
  `.execute(db)
  return rows.map(({ definition }) => /model = '(.*?)'/.exec(definition)?.[1]).toSorted()
}
