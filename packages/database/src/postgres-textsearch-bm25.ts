import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Bm25Query } from './bm25-query.ts'
import { type ChunkHit, compareHits, hitColumns, packHits, unpackHits } from './chunk-hits.ts'
import { isOtherIndex } from './database-errors.ts'
import { askKept, type KeptQuery } from './kept-query.ts'
import { storeIndexOf } from './postgres-store-bm25.ts'
import type { Schema } from './schema.ts'
import { withoutSorting } from './without-sorting.ts'

/**
 * Searches by an index of pg_textsearch: that of the store, where a single store with an index of its own is searched, else the one over all stores.
 *
 * The index is walked in the order of its scores until enough rows pass the filter. Scores can be read under that plan alone, so the planner is left no
 * other; without statistics it would score every chunk of a store by itself, at 0.4 ms each. The index keeps the length of a chunk in one byte, and orders equal
 * scores by place, so some more rows are fetched and ordered by score and id.
 */
export function createTextsearchEngine({ isEmbedded }: { isEmbedded: boolean }) {
  return async (db: Kysely<Schema>, query: Bm25Query): Promise<ChunkHit[]> => {
    const [vectorStoreId = '', ...others] = query.vectorStoreIds
    const own = others.length === 0 ? storeIndexOf(vectorStoreId) : undefined
    const mayKeep = isEmbedded && query.filter === undefined
    try {
      return await (own !== undefined && mayKeep ? walkKept(db, query, own) : walk(db, query, own))
    } catch (cause) {
      if (own === undefined || !isOtherIndex(cause)) throw cause
      return walk(db, query, undefined)
    }
  }
}

/** How many more rows than wanted are fetched: they may have the score of the last one. */
const spare = 10

async function walk(db: Kysely<Schema>, query: Bm25Query, own: string | undefined): Promise<ChunkHit[]> {
  const { tenant, vectorStoreIds, query: words, limit, filter } = query
  const passes = filter === undefined ? sql`` : sql`and ${filter}`
  const stores = own === undefined ? sql`vector_store_id = any(${vectorStoreIds}) ${passes}` : sql`${isStore(query)} ${passes}`
  const best = bestRows({
    stores,
    index: indexOf(own),
    tenant: sql`${tenant}`,
    words: sql`${words}`,
    limit: sql`${limit + spare}`,
  })
  return chooseBest(await withoutSorting({ db }, packHits(best)), limit)
}

async function walkKept(db: Kysely<Schema>, query: Bm25Query, own: string): Promise<ChunkHit[]> {
  const { tenant, query: words, limit } = query
  const asked = limit + spare
  const key = `${own} ${asked}`
  const kept = keptWalks.get(key) ?? keptWalk(query, { own, asked })
  if (keptWalks.size === keptWalksMax && !keptWalks.has(key)) keptWalks.clear()
  keptWalks.set(key, kept)
  return chooseBest(await askKept({ db }, kept, [words, tenant, asked]), limit)
}

const keptWalks = new Map<string, KeptQuery>()
const keptWalksMax = 200

/** `pg_textsearch.default_limit` is how many rows the index fetches at once. It would take the limit from the plan, but here that is a parameter. */
function keptWalk(query: Bm25Query, { own, asked }: { own: string; asked: number }): KeptQuery {
  const best = bestRows({ stores: isStore(query), index: indexOf(own), words: sql`$1`, tenant: sql`$2`, limit: sql`$3` })
  const settings = { enable_sort: 'off', 'pg_textsearch.default_limit': String(asked) }
  return { parameters: ['text', 'text', 'int'], settings, query: packHits(best) }
}

/** Names the store by a literal, not a parameter: the index of a store holds only its chunks, so the planner has to see which store it is. */
function isStore({ vectorStoreIds }: Bm25Query): RawBuilder<unknown> {
  return sql`vector_store_id = ${sql.lit(vectorStoreIds[0])}`
}

function indexOf(own: string | undefined): RawBuilder<unknown> {
  return own === undefined ? sql`'chunks_bm25'` : sql`coalesce(to_regclass(${sql.lit(own)})::text, 'chunks_bm25')`
}

function bestRows(part: Record<'stores' | 'index' | 'tenant' | 'words' | 'limit', RawBuilder<unknown>>): RawBuilder<unknown> {
  return sql`
    select ${hitColumns}, -bm25_get_current_score() as score
    from chunks
    where tenant = ${part.tenant} and ${part.stores}
    order by (title || ' ' || text || ' ' || identifiers) <@> to_bm25query(${part.words}, ${part.index})
    limit ${part.limit}
  `
}

function chooseBest(packed: unknown, limit: number): ChunkHit[] {
  return unpackHits(packed)
    .filter(({ score }) => score > 0)
    .toSorted(compareHits)
    .slice(0, limit)
}
