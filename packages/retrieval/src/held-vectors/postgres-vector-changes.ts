import { askKept, type Database, type KeptQuery, sql } from '@weft/database'
import { z } from 'zod'

const Look = z.object({
  server: z.string(),
  active: z.object({ id: z.string(), dimensions: z.int() }).nullable(),
  first: z.int().nullable(),
  last: z.int().nullable(),
})

/**
 * What there is to know before copies are searched. `server`: when the database server started, `active`: the model that is searched by, `first` and
 * `last`: the oldest and the newest change that is noted.
 */
export type VectorLook = z.infer<typeof Look>

export async function lookAtVectors(database: Pick<Database, 'db'>): Promise<VectorLook> {
  return Look.parse(await askKept(database, look, []))
}

const look: KeptQuery = {
  parameters: [],
  settings: { enable_seqscan: 'off' },
  query: sql`
    select json_build_object('server', pg_postmaster_start_time()::text, 'first', (select min(id) from vector_changes),
      'last', (select max(id) from vector_changes),
      'active', (select json_build_object('id', id, 'dimensions', dimensions) from embedding_models where is_active))
  `,
}

const Changed = z.object({ isAll: z.boolean(), chunks: z.array(z.string()).nullable() })

/** The chunks whose vectors of a model, or whose places, changed after one change until another; undefined: all may have. */
export async function readChangedChunks(
  { db }: Pick<Database, 'db'>,
  { model, after, last }: { model: string; after: number; last: number },
): Promise<string[] | undefined> {
  const { rows } = await sql`
    with change as (select chunks from vector_changes where id > ${after} and id <= ${last} and (model is null or model = ${model}))
    select exists (select from change where chunks is null) as "isAll",
      (select array_agg(distinct id::text) from change, unnest(chunks) as id) as chunks
  `.execute(db)
  const { isAll, chunks } = Changed.parse(rows[0])
  return isAll ? undefined : (chunks ?? [])
}

/** Forgets changes; whoever has not seen them yet reads all vectors anew. */
export async function forgetChanges({ db }: Pick<Database, 'db'>, before: number): Promise<void> {
  await sql`delete from vector_changes where id < ${before}`.execute(db)
}
