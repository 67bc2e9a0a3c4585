import { type Kysely, type RawBuilder, sql } from 'kysely'
import { type Bm25Hit, type Bm25Query, compareHits, hitColumns, packHits, unpackHits } from './bm25-query.ts'
import { chooseWords, type WordToRead } from './choose-words.ts'
import type { Schema } from './schema.ts'

/**
 * By the tables of 0008-plain-bm25. Chunks, words and lengths are counted in the stores that are searched, and in no other.
 *
 * Exact while the words of the query are in fewer than some 20,000 chunks together, and with a filter; beyond that the best of those chunks
 * that its most telling words lead to. Fewer than `limit` only when fewer contain a query term.
 */
export function searchTables(db: Kysely<Schema>, query: Bm25Query): Promise<Bm25Hit[]> {
  const snapshot = db.transaction().setIsolationLevel('repeatable read')
  return snapshot.execute(async (transaction) => {
    const words = await readWords(transaction, query)
    const { read, lookUp } = query.filter === undefined ? chooseWords(words) : { read: words, lookUp: [] }
    const find = (scored: RawBuilder<unknown>) => bestOf(transaction, query, scored)
    if (lookUp.length === 0) return words.length === 0 ? [] : find(scoreAll(words))
    const hits = await find(scoreBest(read, { lookUp, candidatesMax: 200 + 2 * query.limit }))
    return hits.length < query.limit ? find(scoreAll(words)) : hits
  })
}

/** `slope`: what a chunk's length takes off, b·k1 / mean length. */
type Word = WordToRead & { slope: number }

async function readWords(db: Kysely<Schema>, { tenant, vectorStoreIds, query }: Bm25Query): Promise<Word[]> {
  const { rows } = await sql<Word>`
    with store as materialized (
      select s.id, s.chunks, s.words from bm25_stores s join vector_stores v on v.id = s.vector_store_id
      where v.tenant = ${tenant} and v.id = any(${vectorStoreIds})
    ), total as materialized (
      select sum(chunks)::float8 as chunks, sum(words)::float8 as words from store
    ), asked as materialized (
      select lexeme as term, cardinality(positions) as times from unnest(to_tsvector('english', ${query}))
    ), word as (
      select t.*, a.times, sum(t.chunks) over (partition by a.term)::float8 as spread
      from asked a cross join store cross join lateral (
        select id, chunks, is_strong from bm25_terms where store_id = store.id and term = a.term offset 0
      ) t
    )
    select w.id::text, w.chunks, w.is_strong as "isStrong", ${k1 * b}::float8 * t.chunks / t.words as slope,
      ${k1 + 1}::float8 * w.times * ln(1 + (t.chunks - w.spread + 0.5::float8) / (w.spread + 0.5::float8)) as weight
    from word w cross join total t
  `.execute(db)
  return rows
}

const k1 = 1.2
const b = 0.75

/** `offset 0` keeps each word a look into the index, whatever the planner thinks of it. */
function postingsOf(words: Word[], chunk: RawBuilder<unknown> = sql``): RawBuilder<unknown> {
  return sql`
    unnest(${words.map(({ id }) => id)}::bigint[], ${words.map(({ weight }) => weight)}::float8[]) as w(id, weight)
    cross join lateral (select chunk_id, words, frequency from bm25_postings where term_id = w.id ${chunk} offset 0) p`
}

function gainOf([word]: Word[]): RawBuilder<unknown> {
  return sql`w.weight * p.frequency / (p.frequency + ${k1 * (1 - b)}::float8 + ${word?.slope ?? 0}::float8 * p.words)`
}

function scoreAll(words: Word[]): RawBuilder<unknown> {
  return sql`select p.chunk_id, sum(${gainOf(words)}) as score from ${postingsOf(words)} group by p.chunk_id`
}

function scoreBest(read: Word[], { lookUp, candidatesMax }: { lookUp: Word[]; candidatesMax: number }): RawBuilder<unknown> {
  return sql`
    with candidate as materialized (
      ${scoreAll(read)} order by score desc, chunk_id limit ${candidatesMax}
    )
    select chunk_id, sum(score) as score from (
      select chunk_id, score from candidate
      union all
      select c.chunk_id, ${gainOf(lookUp)} from candidate c cross join ${postingsOf(lookUp, sql`and chunk_id = c.chunk_id`)}
    ) part group by chunk_id`
}

/**
 * The chunks with the best scores, of those that pass the filter: they are tried one after the other until enough do. Sums of the same
 * numbers in another order differ in the last digits: rounded, equal ones are equal.
 */
async function bestOf(db: Kysely<Schema>, query: Bm25Query, scored: RawBuilder<unknown>): Promise<Bm25Hit[]> {
  const { tenant, limit, filter } = query
  const best = packHits(sql`
    select c.*, hit.score from (
      select chunk_id, round(score * 1e6) / 1e6 as score from (${scored}) scored
      order by score desc, chunk_id ${filter === undefined ? sql`limit ${limit}` : sql``}
    ) hit cross join lateral (
      select ${hitColumns} from chunks where id = hit.chunk_id and tenant = ${tenant} ${filter === undefined ? sql`` : sql`and ${filter}`} offset 0
    ) c
    limit ${limit}
  `)
  const { rows } = await best.execute(db)
  return unpackHits(rows[0]?.hits).toSorted(compareHits)
}
