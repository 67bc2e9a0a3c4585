import { WeftError } from '@weft/contracts'
import { type Database, dropStoreIndex, sql } from '@weft/database'
import { z } from 'zod'

/** When the vector store `s` expires, counted from its last use; null for one that does not. A day has 24 hours. */
export const storeExpiresAt = sql`(s.last_active_at + make_interval(hours => s.expires_after_days * 24))`

/** Whether the vector store `s` has expired. It stays expired, because an expired store cannot be used. */
export const isStoreExpired = sql`coalesce(${storeExpiresAt} <= now(), false)`

export function storeExpired(vectorStoreId: string, param = 'vector_store_id'): WeftError {
  const message = `The vector store '${vectorStoreId}' has expired and its contents are removed: make a new one and add its files there.`
  return new WeftError('gone', message, { param })
}

/** The use of a store is noted at most once in this time. */
const noteEveryS = 60

/** Notes that these stores were used now, from which their expiry is counted. All stores of the tenant when `vectorStoreIds` is empty. */
export async function noteStoresUsed(
  { db }: Database,
  { tenant, vectorStoreIds }: { tenant: string; vectorStoreIds: string[] },
): Promise<void> {
  await sql`
    update vector_stores s set last_active_at = now()
    where tenant = ${tenant} and (${vectorStoreIds.length} = 0 or id = any(${vectorStoreIds}))
      and last_active_at < now() - make_interval(secs => ${noteEveryS}) and not ${isStoreExpired}
  `.execute(db)
}

/** How much one sweep removes. The next sweep finds what is left. */
const sweepMax = { stores: 20, files: 100 } as const
/** How much one statement removes. */
const statementMax = { files: 500, chunks: 5_000 } as const

const Stores = z.array(z.object({ id: z.string() }))
const Files = z.array(z.object({ tenant: z.string(), id: z.string() }))

export type Expired = { stores: number; files: number; isMoreDue: boolean }

/**
 * Removes the contents of expired vector stores, and expired files. Several processes may do so at once and repeatedly; the next sweep finds what was left when one was
 * interrupted.
 */
export async function removeExpired(database: Database, signal: AbortSignal): Promise<Expired> {
  const { rows: dueStores } = await sql`
    select id from vector_stores s where expires_after_days is not null and emptied_at is null and ${isStoreExpired}
    order by last_active_at, id limit ${sweepMax.stores}
  `.execute(database.db)
  const stores = Stores.parse(dueStores)
  for (const { id } of stores) await emptyStore(database, id, signal)
  const { rows: dueFiles } = await sql`
    select tenant, id from files where expires_at <= now() order by expires_at, id limit ${sweepMax.files}
  `.execute(database.db)
  const files = Files.parse(dueFiles)
  for (const file of files) {
    signal.throwIfAborted()
    await deleteStoredFile(database, file)
  }
  const isMoreDue = stores.length === sweepMax.stores || files.length === sweepMax.files
  return { stores: stores.length, files: files.length, isMoreDue }
}

/** Deletes the rows of the files first, which waits for indexing statements under way, and then the chunks that those may have added. */
async function emptyStore(database: Database, vectorStoreId: string, signal: AbortSignal): Promise<void> {
  const { db } = database
  await repeat(statementMax.files, signal, async () => {
    const { numAffectedRows } = await sql`
      with held as materialized (
        select file_id from vector_store_files where vector_store_id = ${vectorStoreId} order by file_id limit ${statementMax.files} for update
      )
      delete from vector_store_files where vector_store_id = ${vectorStoreId} and file_id in (select file_id from held)
    `.execute(db)
    return Number(numAffectedRows)
  })
  await repeat(statementMax.chunks, signal, async () => {
    const { numAffectedRows } = await sql`
      delete from chunks where id in (select id from chunks where vector_store_id = ${vectorStoreId} limit ${statementMax.chunks})
    `.execute(db)
    return Number(numAffectedRows)
  })
  await dropStoreIndex(database, vectorStoreId)
  await sql`update vector_stores set emptied_at = now() where id = ${vectorStoreId}`.execute(db)
}

/** Repeats a statement until it affects fewer rows than it may. */
async function repeat(rowsMax: number, signal: AbortSignal, statement: () => Promise<number>): Promise<void> {
  let rows = rowsMax
  while (rows === rowsMax) {
    signal.throwIfAborted()
    rows = await statement()
  }
}

/**
 * Deletes a file, its text, and its chunks in every vector store. It locks the file's places in stores before the file, as indexing does: in another order, both could
 * wait for each other.
 */
export async function deleteStoredFile({ db }: Database, { tenant, id }: { tenant: string; id: string }): Promise<boolean> {
  const { rows } = await sql`
    with held as materialized (
      select 1 from vector_store_files where tenant = ${tenant} and file_id = ${id} order by vector_store_id for update
    )
    delete from files where tenant = ${tenant} and id = ${id} and (select count(*) from held) >= 0 returning id
  `.execute(db)
  return rows.length > 0
}
