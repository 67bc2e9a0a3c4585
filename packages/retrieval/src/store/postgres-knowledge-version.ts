import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import type { Owned } from './knowledge-types.ts'

const Row = z.object({ version: z.string() })

/**
 * A name for what these stores hold just now. It changes as soon as a file of theirs comes, goes, is indexed anew or gets another name or other attributes, or the
 * vectors of another model are searched. Throws `dependency_unavailable` when the database is not reachable.
 */
export async function readKnowledgeVersion(
  { db }: Pick<Database, 'db'>,
  { tenant, vectorStoreIds }: Owned & { vectorStoreIds: readonly string[] },
): Promise<string> {
  const { rows } = await sql`
    select concat_ws('/', count(*), count(*) filter (where status = 'completed'), max(updated_at)::text,
      (select id from embedding_models where is_active)) as version
    from vector_store_files where tenant = ${tenant} and vector_store_id = any(${[...vectorStoreIds]})
  `.execute(db)
  return Row.parse(rows[0]).version
}

/** The next `updated_at` of a row `f` of `vector_store_files`, later than the last one however coarse the clock. */
export const laterTime = sql`greatest(clock_timestamp(), f.updated_at + interval '1 microsecond')`

/** The same where a file is changed beside its indexing: while that goes on the time is its worker's sign of life and stays, and the end of the work changes it. */
export const signOfChange = sql`(case f.status when 'in_progress' then f.updated_at else ${laterTime} end)`
