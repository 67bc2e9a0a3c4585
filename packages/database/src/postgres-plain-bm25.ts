import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Bm25Query } from './bm25-query.ts'
import { type ChunkHit, compareHits, hitColumns, packHits, unpackHits } from './chunk-hits.ts'
import type { Schema } from './schema.ts'

/**
 * Searches in plain SQL, by the tables of 0008-plain-bm25 and the functions of 0024-search-plain-bm25. Chunks, words and lengths are counted in the stores that
 * are searched, and in no other.
 *
 * With a filter, and while the words of the query are in fewer than some 20,000 chunks together, the ranking is exact. Beyond that only chunks are
 * ranked that hold the words by which a chunk gains most. Answers fewer than `limit` only when fewer contain a word of the query.
 */
export async function searchPlainBm25(db: Kysely<Schema>, query: Bm25Query): Promise<ChunkHit[]> {
  const { tenant, vectorStoreIds, query: words, limit, filter } = query
  const scored =
    filter === undefined
      ? sql`select chunk_id, score from bm25_search(${tenant}, ${vectorStoreIds}, ${words}, ${limit})`
      : scoreAll(query)
  const passes = filter === undefined ? sql`` : sql`and ${filter}`
  const { rows } = await packHits(sql`
    select c.*, hit.score from (${scored}) hit
    cross join lateral (select ${hitColumns} from chunks where id = hit.chunk_id and tenant = ${tenant} ${passes} offset 0) c
    limit ${limit}
  `).execute(db)
  return unpackHits(rows[0]?.hits).toSorted(compareHits)
}

/** All chunks that hold a word of the query, best first; the outer query goes through them until enough pass the filter. */
function scoreAll({ tenant, vectorStoreIds, query }: Bm25Query): RawBuilder<unknown> {
  return sql`
    select p.chunk_id, round(sum(w.weight * p.frequency / (p.frequency + 0.3::float8 + w.slope * p.words)) * 1e6) / 1e6 as score
    from bm25_words(${tenant}, ${vectorStoreIds}, ${query}) w
    cross join lateral (select chunk_id, words, frequency from bm25_postings where term_id = w.id offset 0) p
    group by p.chunk_id order by score desc, chunk_id
  `
}
