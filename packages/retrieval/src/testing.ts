import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { env } from 'node:process'
import { type EmbedRequest, newId, parseJson } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { searchKnowledge } from './search/postgres-search-knowledge.ts'

/** A judged collection: documents, questions, and how well each document answers each question. */
export type Collection = {
  name: string
  documents: CollectionDocument[]
  queries: CollectionQuery[]
  judgements: Map<string, Map<string, number>>
}

const CollectionDocument = z.object({
  _id: z.coerce.string(),
  title: z.string().default(''),
  text: z.string(),
  metadata: z.record(z.string(), z.unknown()).default({}),
})
type CollectionDocument = z.infer<typeof CollectionDocument>
const CollectionQuery = z.object({
  _id: z.coerce.string(),
  text: z.string(),
  metadata: z.record(z.string(), z.unknown()).default({}),
})
type CollectionQuery = z.infer<typeof CollectionQuery>

/** Reads a judged collection from the folder WEFT_COLLECTIONS; default: ../shared/collections. Undefined, with a message, when it is not there. */
export function findCollection(name: string): Collection | undefined {
  const folder = join(resolve(env.WEFT_COLLECTIONS ?? '../shared/collections'), name)
  if (!existsSync(folder)) {
    process.stderr.write(`SKIPPED: no collection at ${folder}; set WEFT_COLLECTIONS to the folder that holds "${name}"\n`)
    return undefined
  }
  const judgements = new Map<string, Map<string, number>>()
  for (const line of readLines(folder, 'qrels.tsv').slice(1)) {
    const [query = '', document = '', grade = '0'] = line.split('\t')
    if (Number(grade) > 0) judgements.set(query, (judgements.get(query) ?? new Map()).set(document, Number(grade)))
  }
  return {
    name,
    documents: readLines(folder, 'corpus.jsonl').map((line) => parseJson(CollectionDocument, line, 'a document')),
    queries: readLines(folder, 'queries.jsonl').map((line) => parseJson(CollectionQuery, line, 'a query')),
    judgements,
  }
}

function readLines(folder: string, file: string): string[] {
  return readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
}

/** Puts a collection into a new vector store, one chunk per document with its title indexed, and answers the store's id. */
export async function loadAsChunks(database: Database, { name, documents }: Collection, tenant: string): Promise<string> {
  const vectorStoreId = newId('vs')
  await sql`insert into vector_stores (id, tenant, name) values (${vectorStoreId}, ${tenant}, ${name})`.execute(database.db)
  for (let from = 0; from < documents.length; from += 500) {
    const rows = documents
      .slice(from, from + 500)
      .map(({ _id, title, text }) => ({ id: `${vectorStoreId}.${_id}`, name: _id, title, text }))
    await sql`
      with row as (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row(id text, name text, title text, text text)),
      file as (
        insert into files (id, tenant, filename, bytes, purpose, content_hash)
        select id, ${tenant}, name, octet_length(text), 'assistants', '' from row returning id
      )
      insert into chunks (tenant, vector_store_id, file_id, n, start_offset, end_offset, title, text)
      select ${tenant}, ${vectorStoreId}, row.id, 0, 0, length(text), title, text from row join file using (id)
    `.execute(database.db)
  }
  return vectorStoreId
}

/** The quality of search on a collection. `ndcg10` is that of Järvelin and Kekäläinen (TOIS 2002), with linear gain like trec_eval. */
export type Quality = { queries: number; ndcg10: number; recall10: number; p50Ms: number; p99Ms: number }

/** Searches for every judged query, and compares the results with the judgements. */
export async function measureQuality(
  database: Database,
  collection: Collection,
  place: { tenant: string; vectorStoreId: string },
): Promise<Quality> {
  const { tenant, vectorStoreId } = place
  const gains: number[] = []
  const recalls: number[] = []
  const times: number[] = []
  for (const { _id, text } of collection.queries) {
    const judged = collection.judgements.get(_id)
    if (judged === undefined) continue
    const startedAt = performance.now()
    const { results } = await searchKnowledge(
      { database },
      { tenant, vectorStoreIds: [vectorStoreId], query: text, maxResults: 10, options: { mode: 'bm25' } },
    )
    times.push(performance.now() - startedAt)
    const grades = results.map(({ filename }) => judged.get(filename) ?? 0)
    gains.push(discounted(grades) / discounted([...judged.values()].toSorted((a, b) => b - a).slice(0, 10)))
    recalls.push(grades.filter((grade) => grade > 0).length / judged.size)
  }
  times.sort((a, b) => a - b)
  return {
    queries: gains.length,
    ndcg10: mean(gains),
    recall10: mean(recalls),
    p50Ms: times[Math.floor(times.length / 2)] ?? 0,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
  }
}

function discounted(grades: number[]): number {
  return grades.reduce((sum, grade, index) => sum + grade / Math.log2(index + 2), 0)
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

/** Words that mean the same, and so share a dimension in the fake embedder's vectors. */
const synonyms = new Map([['car', 'automobile']])

/** An embedder whose vectors count words, so that texts with common words or synonyms are close. It counts what it embedded, and fails when told to. */
export function fakeEmbedder(id = 'test/words', dimensions = 64) {
  let embedded = 0
  let isFailing = false
  const tenants: (string | undefined)[] = []
  const poor = new Set<string>()
  return {
    id,
    describe: () => Promise.resolve({ id, dimensions, isNormalised: true, inputTokensMax: 1_000 }),
    embedded: () => embedded,
    failNext() {
      isFailing = true
    },
    /** The tenant of each request. */
    tenants,
    /** Tenants whose budget is spent. */
    poor,
    embed({ texts, purpose, tenant }: EmbedRequest) {
      tenants.push(tenant)
      if (poor.has(tenant ?? '')) return Promise.reject(Object.assign(new Error('no budget'), { code: 'budget_exceeded' }))
      const isOutOfOrder = isFailing
      isFailing = false
      if (isOutOfOrder) return Promise.reject(new Error('out of order'))
      if (purpose === 'document') embedded += texts.length
      return Promise.resolve({ vectors: texts.map((text) => [vectorOfWords(text, dimensions)]), inputTokens: texts.length })
    },
  }
}

function vectorOfWords(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  for (const [word] of text.toLowerCase().matchAll(/\p{L}+/gu)) {
    const place =
      [...(synonyms.get(word) ?? word)].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 8_191, 7) % dimensions
    vector[place] = (vector[place] ?? 0) + 1
  }
  const length = Math.hypot(...vector) || 1
  return vector.map((value) => value / length)
}
