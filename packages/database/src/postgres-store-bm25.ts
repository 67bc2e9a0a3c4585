import { sql } from 'kysely'
import { isEmbedded } from './is-embedded.ts'
import type { Database } from './open-database.ts'

/** Bounded because each index costs time when chunks are written and statements planned: with 50 of them a chunk takes 3.2 ms to write instead of 2.7. */
const storeIndexesMax = 64

/**
 * Gives a new, empty vector store an index of words of its own in the embedded database, so that its rankings do not shift with what lies in other stores.
 * Stores beyond the first 64 share the index over all stores. Does nothing in other databases.
 */
export async function indexStoreWords({ db }: Pick<Database, 'db'>, vectorStoreId: string): Promise<void> {
  const name = storeIndexOf(vectorStoreId)
  if (name === undefined) return
  // Counts and creates in one statement, during which the embedded database serves nobody else: stores made at the same time cannot exceed the bound.
  await sql`
    do $$ begin
      if to_regclass('chunks_bm25') is not null and ${isEmbedded}
        and (select count(*) from pg_class where relkind = 'i' and relname like 'chunks\_bm25\_of\_%') < ${sql.raw(String(storeIndexesMax))}
      then
        create index if not exists ${sql.raw(name)} on chunks using bm25 ((title || ' ' || text || ' ' || identifiers))
        with (text_config = 'english', k1 = 1.2, b = 0.75) where vector_store_id = ${sql.lit(vectorStoreId)};
      end if;
    end $$
  `.execute(db)
}

/** Drops the index of a store that was deleted, if it had one. */
export async function dropStoreIndex({ db }: Pick<Database, 'db'>, vectorStoreId: string): Promise<void> {
  const name = storeIndexOf(vectorStoreId)
  if (name !== undefined) await sql`drop index if exists ${sql.raw(name)}`.execute(db)
}

/** The name of a store's index, whether or not it has one. Undefined for an id that no store has, and that must not be put into SQL. */
export function storeIndexOf(vectorStoreId: string): string | undefined {
  return /^vs_[a-z0-9_]{1,40}$/.test(vectorStoreId) ? `chunks_bm25_of_${vectorStoreId}` : undefined
}
