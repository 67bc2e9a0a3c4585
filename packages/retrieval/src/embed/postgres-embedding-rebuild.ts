import { type Embedder, WeftError } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { listEmbeddingModels, otherSize, type StoredModel } from './postgres-embedding-models.ts'
import { dropVectorIndex } from './postgres-vector-index.ts'

/**
 * Begins to make the vectors of a model beside those that are searched; workers do it, and it takes their place when it has them all. Nothing happens when
 * that is under way already, or done. Throws `conflict` while another model's are made, and what the embedder throws.
 */
export async function startRebuild(database: Database, embedder: Embedder): Promise<void> {
  const models = await listEmbeddingModels(database)
  const other = models.find(({ state }) => state === 'building')
  if (other !== undefined && other.id !== embedder.id)
    throw new WeftError(
      'conflict',
      `the vectors of ${other.id} are being made: wait for them, or end that with "npx weft embeddings cancel"`,
    )
  const model = await embedder.describe()
  const { rows } = await sql`
    insert into embedding_models (id, dimensions, is_normalised, rebuild_started_at)
    values (${model.id}, ${model.dimensions}, ${model.isNormalised}, now())
    on conflict (id) do update set retired_at = null, rebuild_started_at = case
      when embedding_models.is_active then null else coalesce(embedding_models.rebuild_started_at, now()) end
    where embedding_models.dimensions = excluded.dimensions returning 1
  `.execute(database.db)
  if (rows.length === 0) throw otherSize(model)
}

/** Ends a rebuild, and has what it made deleted; search was never by it. Answers which model's it was. */
export async function cancelRebuild({ db }: Database): Promise<string | undefined> {
  const { rows } = await sql`
    with gone as (
      update embedding_models set rebuild_started_at = null, retired_at = '-infinity' where rebuild_started_at is not null returning id
    ), queue as (delete from embedding_queue where model in (select id from gone))
    select id from gone
  `.execute(db)
  return rows.map((row) => z.object({ id: z.string() }).parse(row).id)[0]
}

/**
 * Has searches go by the rebuilt model's vectors and no others, in one transaction; unless chunks still wait for theirs. Answers whether it did.
 */
export async function switchModel({ db }: Database, model: string): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    const { rows } = await sql`
      select 1 from embedding_models where id = ${model} and rebuild_started_at is not null
        and not exists (select 1 from embedding_queue where model = ${model}) for update
    `.execute(transaction)
    if (rows.length === 0) return false
    await sql`update embedding_models set is_active = false, retired_at = coalesce(retired_at, now()) where id <> ${model}`.execute(
      transaction,
    )
    await sql`
      with queue as (delete from embedding_queue where model <> ${model})
      update embedding_models set is_active = true, rebuild_started_at = null where id = ${model}
    `.execute(transaction)
    return true
  })
}

/** Searches that began before the switch still read the old vectors; the gateway gives a search 30 s. */
const graceSeconds = 35

/** Deleting as many takes some tens of milliseconds, during which the embedded database serves nobody else. */
const deletedAtOnce = 2_000

/** Deletes some vectors of models that were left. Answers how many; 0 when none are to be deleted now. */
export async function deleteRetiredVectors(database: Database): Promise<number> {
  const { db } = database
  const due =
    await sql`select id from embedding_models where retired_at < now() - make_interval(secs => ${graceSeconds}) limit 1`.execute(
      db,
    )
  const [model] = due.rows.map((row) => z.object({ id: z.string() }).parse(row).id)
  if (model === undefined) return 0
  await dropVectorIndex(database, model)
  const { rows } = await sql`
    delete from chunk_embeddings where ctid = any(array(select ctid from chunk_embeddings where model = ${model} limit ${deletedAtOnce}))
    returning 1
  `.execute(db)
  if (rows.length < deletedAtOnce)
    await sql`delete from embedding_models where id = ${model} and retired_at is not null`.execute(db)
  return rows.length
}

const Counted = z.object({ count: z.int() })
const Waiting = z.object({ chunks: z.int(), tokens: z.int() })

/**
 * How far a rebuild is, in chunks, and what is left of it, or would be to do for the model given. `tokens` is an estimate at four letters of English,
 * two of other scripts each; texts that are equal are embedded once, so it may be less.
 */
export type RebuildState = {
  /** All that there are. */
  chunks: number
  rebuild: { model: string; startedAt: Date; done: number } | undefined
  left: { chunks: number; tokens: number } | undefined
}

/** Of the models as they were listed: whoever tells of both tells of one moment, also when a rebuild ends meanwhile. */
export async function readRebuild({ db }: Database, models: StoredModel[], chosen: string | undefined): Promise<RebuildState> {
  const all = await sql`select count(*)::int from chunks`.execute(db)
  const [running] = models.flatMap(({ id, rebuildStartedAt }) =>
    rebuildStartedAt === null ? [] : [{ model: id, startedAt: rebuildStartedAt }],
  )
  return {
    chunks: Counted.parse(all.rows[0]).count,
    rebuild: running && { ...running, done: await countEmbedded(db, running.model) },
    left: chosen === undefined ? undefined : await readLeft(db, chosen),
  }
}

async function countEmbedded(db: Database['db'], model: string): Promise<number> {
  const { rows } = await sql`select count(*)::int from chunk_embeddings where model = ${model} and n = 0`.execute(db)
  return Counted.parse(rows[0]).count
}

async function readLeft(db: Database['db'], model: string): Promise<z.infer<typeof Waiting>> {
  const { rows } = await sql`
    select count(*)::int as chunks,
      coalesce(sum((2 * letters - bytes) / 4 + (bytes - letters) / 2), 0)::float8 as tokens
    from (
      select char_length(title) + char_length(text) as letters, octet_length(title) + octet_length(text) as bytes from chunks c
      where not exists (select 1 from chunk_embeddings e where e.model = ${model} and e.chunk_id = c.id)
    ) as missing
  `.execute(db)
  return Waiting.parse(rows[0])
}
