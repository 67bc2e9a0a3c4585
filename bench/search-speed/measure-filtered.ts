import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import type { VectorsOf } from './make-vectors.ts'
import type { Search } from './measure-searches.ts'

export interface Filtered {
  /** Of the ten exactly closest chunks that pass the filter, the share that was found; the mean over the questions. */
  recall: number
  /** Questions that got fewer than ten, though more pass. */
  short: number
  times: number[]
}

export interface FilterCase {
  questions: string[]
  database: Database
  bucketOf(question: number): number
  vectorsOf: VectorsOf
}

const wanted = 10
/** Vectors are stored with eleven bits of precision: as close as this is equally close. */
const equallyClose = 1e-4

/** Searches by vectors under a filter, beside the same comparison of every chunk that passes it, done in the database. */
export async function measureFiltered(
  search: Search,
  { questions, database, bucketOf, vectorsOf }: FilterCase,
): Promise<Filtered> {
  const times: number[] = []
  let found = 0
  let short = 0
  for (const [index, question] of questions.entries()) {
    const value = bucketOf(index)
    const startedAtMs = performance.now()
    const hits = await search(question, { mode: 'vector', filter: { key: 'bucket', value } })
    times.push(performance.now() - startedAtMs)
    if (hits.length < wanted) short += 1
    const [vector = new Float32Array()] = await vectorsOf([question])
    const least = await exactScore(database, vector, value)
    found += hits.filter(({ vectorScore = 0 }) => vectorScore >= least - equallyClose).length / wanted
  }
  return { recall: found / questions.length, short, times }
}

/** The score of the tenth closest chunk of a bucket. */
async function exactScore({ db }: Database, vector: Float32Array, bucket: number): Promise<number> {
  const { rows } = await sql`
    select max(-(e.embedding <#> ${JSON.stringify([...vector])}::halfvec)) as score
    from chunks c join chunk_embeddings e on e.chunk_id = c.id
    where c.attributes -> 'bucket' = ${String(bucket)}::jsonb
    group by c.id order by score desc limit 1 offset ${wanted - 1}
  `.execute(db)
  return z.object({ score: z.number() }).parse(rows[0]).score
}
