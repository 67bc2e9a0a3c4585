import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import type { Owned } from './knowledge-types.ts'

const Row = z.object({ version: z.string() })

/**
 * A version of the content of these stores. It changes whenever a file is added, removed or indexed again, a file's name or attributes change, or searches use the
 * vectors of another model. Throws `dependency_unavailable` when the database does not answer.
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

/** The next `updated_at` of a row `f` of `vector_store_files`: later than the last one, however coarse the clock is. */
export const laterTime = sql`greatest(clock_timestamp(), f.updated_at + interval '1 microsecond')`

/**
 * The next `updated_at` when something else than indexing changes a file. While the file is being indexed the time stays, because it is the worker's token; the end of
 * the indexing changes it anyway.
 */
export const signOfChange = sql`(case f.status when 'in_progress' then f.updated_at else ${laterTime} end)`
