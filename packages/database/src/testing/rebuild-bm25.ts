import { sql } from 'kysely'
import type { Database } from '../open-database.ts'

/** Counts the words of all chunks anew, by whichever engine searches them: what was counted while chunks were written has to come to the same. */
export async function rebuildBm25({ db }: Pick<Database, 'db'>): Promise<void> {
  const { rows } = await sql`select 1 where to_regclass('chunks_bm25') is not null`.execute(db)
  if (rows.length > 0) {
    const indexes = await sql<{ name: string }>`
      select relname as name from pg_class where relkind = 'i' and (relname = 'chunks_bm25' or relname like 'chunks\_bm25\_of\_%') order by 1
    `.execute(db)
    for (const { name } of indexes.rows) await sql`reindex index ${sql.raw(name)}`.execute(db)
    return
  }
  const stores = await sql<{ id: string }>`select id from vector_stores order by id`.execute(db)
  for (const { id } of stores.rows) await sql`select bm25_rebuild(${id})`.execute(db)
}
