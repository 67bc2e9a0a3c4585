import { type Embedder, WeftError } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { listEmbeddingModels, otherSize, type StoredModel } from './postgres-embedding-models.ts'
import { dropVectorIndex } from './postgres-vector-index.ts'

/**
 * Begins a rebuild: workers make the vectors of this model while searches still use the others, which are replaced once all are made. Does nothing when that is
 * under way or done. Throws `conflict` during the rebuild of another model, and what the embedder throws.
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

/** Ends a rebuild and lets its vectors be deleted, which searches never used. Answers its model; undefined when there was no rebuild. */
export async function cancelRebuild({ db }: Database): Promise<string | undefined> {
  const { rows } = await sql`
    with gone as (
      update embedding_models set rebuild_started_at = null, retired_at = '-infinity' where rebuild_started_at is not null returning id
    ), queue as (delete from embedding_queue where model in (select id from gone))
    select id from gone
  `.execute(db)
  return rows.map((row) => z.object({ id: z.string() }).parse(row).id)[0]
}

/** Makes searches use the rebuilt model's vectors and no others, in one transaction, unless chunks still wait for theirs. Answers whether it did. */
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

/** How long old vectors stay after the switch, because searches that began before still read them. The gateway gives a search 30 s. */
const graceSeconds = 35

/** How many vectors one statement deletes. It takes some tens of milliseconds, during which the embedded database serves nobody else. */
const deletedAtOnce = 2_000

/** Deletes some vectors of retired models. Answers how many; 0 when none are due to be deleted now. */
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
 * How far a rebuild is, in chunks, and what the chosen model still has to embed. `tokens` is an estimate, at four letters a token for English and two for other
 * scripts. Equal texts are embedded once, so it may be fewer.
 */
export type RebuildState = {
  /** The number of all chunks. */
  chunks: number
  rebuild: { model: string; startedAt: Date; done: number } | undefined
  left: { chunks: number; tokens: number } | undefined
}

/**
 * Reads the state of a rebuild. It takes the list of models that the caller has read, so that both tell of the same moment even when a rebuild ends
 * meanwhile.
 */
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
