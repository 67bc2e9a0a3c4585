import { hasCode } from '@weft/contracts'
import { type Kysely, sql } from 'kysely'
import type { Bm25Query } from './bm25-query.ts'
import type { ChunkHit } from './chunk-hits.ts'
import { isUndefinedObject } from './database-errors.ts'
import { isEmbedded } from './is-embedded.ts'
import type { Database } from './open-database.ts'
import { searchPlainBm25 } from './postgres-plain-bm25.ts'
import { createTextsearchEngine } from './postgres-textsearch-bm25.ts'
import type { Schema } from './schema.ts'

/**
 * The best chunks by BM25 (k1 1.2, b .75, English) in the stores given; fewer than `limit` only when fewer contain a word of the query. Which of two engines
 * answers depends on what the migrations found: pg_textsearch, or plain SQL where it is missing. docs/decisions/0014-two-engines-for-bm25.md says how they differ.
 */
export async function searchBm25({ db }: Pick<Database, 'db'>, query: Bm25Query): Promise<ChunkHit[]> {
  if (query.vectorStoreIds.length === 0 || query.query.trim() === '') return []
  const storable = { ...query, query: query.query.replaceAll('\0', ' ') }
  try {
    return await search(db, storable)
  } catch (cause) {
    // A search only reads, so it may be repeated: after a restart of the database, and, with the engine chosen anew, after another database took its place.
    const isAnother = isUndefinedObject(cause)
    if (isAnother) engines.delete(db)
    if (!isAnother && !hasCode(cause, 'dependency_unavailable')) throw cause
    return search(db, storable)
  }
}

type Engine = (db: Kysely<Schema>, query: Bm25Query) => Promise<ChunkHit[]>
const engines = new WeakMap<Kysely<Schema>, Engine>()

async function search(db: Kysely<Schema>, query: Bm25Query): Promise<ChunkHit[]> {
  const engine = engines.get(db) ?? (await findEngine(db))
  engines.set(db, engine)
  return engine(db, query)
}

async function findEngine(db: Kysely<Schema>): Promise<Engine> {
  const { rows } = await sql<{ isEmbedded: boolean }>`
    select ${isEmbedded} as "isEmbedded" where to_regclass('chunks_bm25') is not null
  `.execute(db)
  return rows[0] === undefined ? searchPlainBm25 : createTextsearchEngine(rows[0])
}
