import { createHash } from 'node:crypto'
import { newId } from '@weft/contracts'
import { type Database, type RawBuilder, sql } from '@weft/database'
import { z } from 'zod'
import { laterTime } from '../store/postgres-knowledge-version.ts'
import { realArray } from './postgres-vector-value.ts'

/** The status of a file whose text was just indexed: complete, unless its chunks will get vectors. `awaitsVectors` says so while no model is active yet. */
export function statusWhenIndexed(awaitsVectors: boolean) {
  return sql`(case when ${awaitsVectors}::boolean or exists (select 1 from embedding_models where is_active) then 'embedding' else 'completed' end)`
}

/**
 * Queries to follow one named `added` with the ids of chunks that were just written: their old vectors are deleted, and they are queued for new ones of every
 * model in use.
 */
export const queueEmbeddings = sql`outdated as (
  delete from chunk_embeddings e using added where e.chunk_id = added.id
), queued as (
  insert into embedding_queue (model, chunk_id, vector_store_id, file_id)
  select m.id, added.id, added.vector_store_id, added.file_id from added, embedding_models m where m.is_active or m.rebuild_started_at is not null
  on conflict (model, chunk_id) do update set claimed_until = null
)`

/** A chunk that a worker has claimed to make vectors of. `text` is what is embedded, and `textHash` the SHA-256 of that. */
export type ClaimedChunk = { id: string; tenant: string; vectorStoreId: string; fileId: string; text: string; textHash: Buffer }

const ClaimedRow = z.object({
  id: z.string(),
  tenant: z.string(),
  vectorStoreId: z.string(),
  fileId: z.string(),
  title: z.string(),
  text: z.string(),
})

/** How long a claim lasts. When its worker has died, another one takes the chunk after this time. */
const claimSeconds = 120
/**
 * How much longer than that a claim may seem to last: a statement that began before the claiming one, and sees the claim afterwards, has an earlier `now()`.
 */
const toleranceSeconds = 30

/** How many chunks are queued by one statement. It takes some tens of milliseconds, during which the embedded database serves nobody else. */
const queuedAtOnce = 5_000

const Queued = z.object({ seen: z.int(), last: z.string().nullable(), queued: z.int() })

/** Queues all chunks that have no vectors of a model and are not queued yet. Answers how many there were. */
export async function queueMissing({ db }: Database, model: string): Promise<number> {
  let all = 0
  for (let last: string | null = '0'; last !== null; ) {
    const { rows } = await sql`
      with batch as materialized (
        select id, vector_store_id, file_id from chunks where id > ${last}::bigint order by id limit ${queuedAtOnce} for key share
      ),
      queued as (
        insert into embedding_queue (model, chunk_id, vector_store_id, file_id)
        select ${model}, batch.id, batch.vector_store_id, batch.file_id from batch
        where not exists (select 1 from chunk_embeddings e where e.model = ${model} and e.chunk_id = batch.id)
        on conflict do nothing returning 1
      )
      select (select count(*)::int from batch) as seen, (select max(id)::text from batch) as last, (select count(*)::int from queued) as queued
    `.execute(db)
    const round: z.infer<typeof Queued> = Queued.parse(rows[0])
    all += round.queued
    last = round.seen < queuedAtOnce ? null : round.last
  }
  return all
}

/** How many chunks wait for vectors of a model. */
export async function countWaiting({ db }: Database, model: string): Promise<number> {
  const { rows } = await sql`select count(*)::int as queued from embedding_queue where model = ${model}`.execute(db)
  return Queued.pick({ queued: true }).parse(rows[0]).queued
}

/** How many stores get a turn in one round. When more wait, each round begins at another one. */
const storesMax = 32

/**
 * Claims chunks that wait for vectors of the model. When several stores have some, half of what is claimed is shared out among them, so that no store has to wait
 * until another one is done; the rest are the oldest chunks. Stores with ids greater than `after` get their turns.
 */
export async function claimChunks(
  { db }: Database,
  model: string,
  { limit, after = startOfTurns() }: { limit: number; after?: string },
): Promise<ClaimedChunk[]> {
  // A claim that ends later than any claim could was made before the clock was set back, and does not count.
  const isFree = sql`q.model = ${model} and (
    q.claimed_until is null or q.claimed_until not between now() and now() + make_interval(secs => ${claimSeconds + toleranceSeconds})
  )`
  const { rows } = await sql`
    with recursive store as (
      select ${nextStore(sql`${after}`)} as id, 1 as n
      union all
      select ${nextStore(sql`store.id`)}, n + 1 from store where id is not null and n < ${storesMax}
    ), place as (
      select id, count(*) over () as places from store where id is not null
    ), turn as materialized (
      select mine.chunk_id from place, lateral (
        select chunk_id, row_number() over () as nth from (
          select q.chunk_id, q.vector_store_id from embedding_queue q where q.vector_store_id >= place.id and ${isFree}
          order by q.vector_store_id, q.file_id limit ${Math.ceil(limit / 4)}
        ) onwards where vector_store_id = place.id
      ) mine where places > 1 and nth <= ceil(${limit} / 2.0 / places)
    ), by_turns as materialized (
      select q.chunk_id from embedding_queue q where ${isFree} and q.chunk_id in (select chunk_id from turn) limit ${limit} for update skip locked
    ), oldest as materialized (
      select q.chunk_id from embedding_queue q where ${isFree} and q.chunk_id not in (select chunk_id from by_turns)
      order by q.chunk_id limit ${limit} for update skip locked
    ), next as (
      select chunk_id from by_turns union all select chunk_id from oldest limit ${limit}
    ), claimed as (
      update embedding_queue q set claimed_until = now() + make_interval(secs => ${claimSeconds}) from next
      where q.model = ${model} and q.chunk_id = next.chunk_id returning q.chunk_id
    )
    select c.id::text, c.tenant, c.vector_store_id as "vectorStoreId", c.file_id as "fileId", c.title, c.text
    from claimed join chunks c on c.id = claimed.chunk_id order by c.id
  `.execute(db)
  return rows.map((row) => {
    const { title, ...chunk } = ClaimedRow.parse(row)
    const text = title === '' ? chunk.text : `${title}\n${chunk.text}`
    return { ...chunk, text, textHash: createHash('sha256').update(text).digest() }
  })
}

/** The next store in the queue; read from the index alone, however long the queue is. */
function nextStore(after: RawBuilder<unknown>) {
  return sql`(select min(q.vector_store_id) from embedding_queue q where q.vector_store_id > ${after})`
}

/** Where the turns begin: at the first store half of the time, otherwise at a random one, so that stores behind the first {@link storesMax} get turns too. */
function startOfTurns(): string {
  return Math.random() < 0.5 ? '' : newId('vs')
}

/** Puts chunks back whose vectors could not be made. */
export async function releaseChunks({ db }: Database, model: string, chunks: ClaimedChunk[]): Promise<void> {
  const ids = chunks.map(({ id }) => id)
  await sql`update embedding_queue set claimed_until = null where model = ${model} and chunk_id = any(${ids}::bigint[])`.execute(
    db,
  )
}

/** Copies vectors to those of the chunks whose text the same tenant already has embedded elsewhere. Answers the ids of these chunks. */
export async function copyVectors({ db }: Database, model: string, chunks: ClaimedChunk[]): Promise<Set<string>> {
  const { rows } = await sql`
    with given as (${given(chunks)}), ${alive}, known as (
      select given.id, (
        select e.chunk_id from chunk_embeddings e
        where e.model = ${model} and e.tenant = given.tenant and e.text_hash = given.hash limit 1
      ) as source from given
    ), copied as (
      insert into chunk_embeddings (model, chunk_id, n, tenant, vector_store_id, text_hash, embedding)
      select ${model}, given.id, e.n, given.tenant, given.store, given.hash, e.embedding
      from known join given on given.id = known.id join chunk_embeddings e on e.model = ${model} and e.chunk_id = known.source
      join alive on alive.id = given.id
      on conflict do nothing
    ), done as (
      delete from embedding_queue q using known where q.model = ${model} and q.chunk_id = known.id and known.source is not null
    )
    select id::text from known where source is not null
  `.execute(db)
  return new Set(rows.map((row) => z.object({ id: z.string() }).parse(row).id))
}

/** Stores the vectors of chunks, replacing what they had. Chunks that were deleted meanwhile are left out. */
export async function storeVectors(
  { db }: Database,
  model: string,
  chunks: (ClaimedChunk & { vectors: Float32Array[] })[],
): Promise<void> {
  const rows = chunks.flatMap(({ id, vectors }) => vectors.map((vector, n) => ({ id, n, vector })))
  const size = rows[0]?.vector.length ?? 0
  await sql`
    with given as (${given(chunks)}), ${alive}, every as materialized (select ${realArray(rows.map(({ vector }) => vector))}::real[] as value),
    vector as (
      select * from unnest(${rows.map(({ id }) => id)}::bigint[], ${rows.map(({ n }) => n)}::int[]) with ordinality as vector(id, n, place)
    ), added as (
      insert into chunk_embeddings (model, chunk_id, n, tenant, vector_store_id, text_hash, embedding)
      select ${model}, given.id, vector.n, given.tenant, given.store, given.hash,
        every.value[(vector.place - 1) * ${size}::int + 1 : vector.place * ${size}::int]::halfvec
      from given join vector on vector.id = given.id join alive on alive.id = given.id, every
      on conflict (model, chunk_id, n) do update set embedding = excluded.embedding, text_hash = excluded.text_hash
    )
    delete from embedding_queue q using given where q.model = ${model} and q.chunk_id = given.id
  `.execute(db)
}

/** A query to follow one named `given`: the chunks that still exist, locked against deletion until the statement ends. */
const alive = sql`alive as materialized (
  select id from chunks where id in (select id from given) order by id for key share
)`

function given(chunks: ClaimedChunk[]) {
  const [ids, tenants, stores, hashes] = [
    chunks.map(({ id }) => id),
    chunks.map(({ tenant }) => tenant),
    chunks.map(({ vectorStoreId }) => vectorStoreId),
    chunks.map(({ textHash }) => textHash.toString('hex')),
  ]
  return sql`select id, tenant, store, decode(hash, 'hex') as hash
    from unnest(${ids}::bigint[], ${tenants}::text[], ${stores}::text[], ${hashes}::text[]) as chunk(id, tenant, store, hash)`
}

/** Completes files whose chunks all have vectors of the active model: the files of the given chunks, or all files. Answers how many there were. */
export async function completeEmbeddedFiles({ db }: Database, chunks?: ClaimedChunk[]): Promise<number> {
  const stores = chunks?.map(({ vectorStoreId }) => vectorStoreId)
  const files = chunks?.map(({ fileId }) => fileId)
  const ofChunks =
    chunks === undefined
      ? sql``
      : sql`and (f.vector_store_id, f.file_id) in (select * from unnest(${stores}::text[], ${files}::text[]))`
  const { rows } = await sql`
    update vector_store_files f set status = 'completed', updated_at = ${laterTime}
    where f.status = 'embedding' ${ofChunks} and not exists (
      select 1 from embedding_queue q join embedding_models m on m.id = q.model and m.is_active
      where q.vector_store_id = f.vector_store_id and q.file_id = f.file_id
    ) returning 1
  `.execute(db)
  return rows.length
}
