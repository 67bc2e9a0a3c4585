import { createHash } from 'node:crypto'
import { type Database, sql } from '@weft/database'
import { embedChunks } from '@weft/retrieval'
import { fakeEmbedder } from '@weft/retrieval/testing'
import { dimensions } from '../instant-embedder/vector-of-words.ts'
import type { VectorsOf } from './make-vectors.ts'
import type { createPassages } from './write-passages.ts'

export interface FillRequest {
  database: Database
  /** Empty, made over the API. */
  storeId: string
  /** Model whose vectors are searched; it is active. */
  model: string
  passages: ReturnType<typeof createPassages>
  chunks: number
  /** Of one passage, which becomes one chunk. */
  letters: number
  vectorsOf: VectorsOf
}

/** Files are spread over so many values of the attribute `bucket`: a filter on one lets a hundredth of the chunks pass. */
export const buckets = 100

const chunksPerFile = 100
/** Chunks of one statement. */
const batchMax = 500

/**
 * Puts passages into a vector store as rows, as ingestion writes them: indexing 20,000 of them over the API takes most of an hour on two cores.
 * The indexes of the vectors and of the store's words are taken away meanwhile and built at the end. Answers the seconds it took.
 */
export async function fillStore(request: FillRequest): Promise<number> {
  const startedAtMs = performance.now()
  const { db } = request.database
  const indexes = await sql<{ name: string; definition: string }>`
    select quote_ident(indexname) as name, indexdef as definition from pg_indexes
    where indexname like 'chunk\_embeddings\_of\_%' or indexname like 'chunks\_bm25%'
  `.execute(db)
  for (const { name } of indexes.rows) await sql`drop index ${sql.raw(name)}`.execute(db)
  const perFile = Math.min(chunksPerFile, Math.max(1, Math.floor(request.chunks / (2 * buckets))))
  for (let from = 0; from < request.chunks; from += batchMax) {
    const count = Math.min(batchMax, request.chunks - from)
    const batch = Array.from({ length: count }, (_, index) => passageOf(request, from + index, perFile))
    const vectors = await request.vectorsOf(batch.map(({ text }) => text))
    await fillBatch(
      request,
      batch.map((row, index) => ({ ...row, vector: JSON.stringify(Array.from(vectors[index] ?? [], shortened)) })),
    )
  }
  for (const { definition } of indexes.rows) await sql.raw(definition).execute(db)
  // With nothing left to embed, ingestion builds the index of vectors where there is none from the start.
  await embedChunks({ database: request.database, embedder: fakeEmbedder(request.model, dimensions) })
  await sql`vacuum (analyze)`.execute(db)
  return (performance.now() - startedAtMs) / 1_000
}

/** A mesh makes its model the active one a moment after it is up. */
export async function untilActive(database: Database, model: string): Promise<void> {
  const deadlineMs = performance.now() + 60_000
  for (;;) {
    const { rows } = await sql`select 1 from embedding_models where id = ${model} and is_active`.execute(database.db)
    if (rows.length > 0) return
    if (performance.now() > deadlineMs) throw new Error(`${model} is not the model of this mesh`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

function passageOf({ passages, letters, storeId }: FillRequest, index: number, perFile: number) {
  const file = Math.floor(index / perFile)
  const text = passages.passage(letters)
  return {
    file: `${storeId.replace('vs_', 'file-')}${file}`,
    filename: `passages-${file}.txt`,
    bucket: file % buckets,
    n: index % perFile,
    text,
    hash: createHash('sha256').update(text).digest('hex'),
  }
}

const shortened = (value: number) => Number(value.toPrecision(5))

type Row = ReturnType<typeof passageOf> & { vector: string }

async function fillBatch({ database, storeId, model }: FillRequest, rows: Row[]): Promise<void> {
  await sql`
    with row as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as row(file text, filename text, bucket int, n int, text text, hash text, vector text)
    ), store as (select id, tenant from vector_stores where id = ${storeId}), file as (
      insert into files (id, tenant, filename, bytes, purpose, content_hash)
      select distinct file, tenant, filename, 0, 'assistants', '' from row cross join store on conflict do nothing
    ), member as (
      insert into vector_store_files (vector_store_id, file_id, tenant, attributes, status)
      select distinct id, file, tenant, jsonb_build_object('bucket', bucket), 'completed' from row cross join store on conflict do nothing
    ), chunk as (
      insert into chunks (tenant, vector_store_id, file_id, n, start_offset, end_offset, title, text, attributes)
      select tenant, id, file, n, 0, length(text), filename, text, jsonb_build_object('bucket', bucket) from row cross join store
      returning id, tenant, vector_store_id, file_id, n
    )
    insert into chunk_embeddings (model, chunk_id, n, tenant, vector_store_id, text_hash, embedding)
    select ${model}, chunk.id, 0, chunk.tenant, chunk.vector_store_id, decode(row.hash, 'hex'), row.vector::halfvec
    from chunk join row on row.file = chunk.file_id and row.n = chunk.n
  `.execute(database.db)
}
