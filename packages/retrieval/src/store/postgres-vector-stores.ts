import { newId, WeftError } from '@weft/contracts'
import { type Database, dropStoreIndex, indexStoreWords, type RawBuilder, sql, storableJson, storableText } from '@weft/database'
import { z } from 'zod'
import type { FileCounts, VectorStore, VectorStoreMethods } from './knowledge-types.ts'
import { isStoreExpired, storeExpired, storeExpiresAt } from './postgres-expiry.ts'
import { fileNotFound } from './postgres-files.ts'
import { readPage } from './postgres-page.ts'

/** Vector stores, with the counts of their files. */
export function createVectorStoreMethods(database: Database): VectorStoreMethods {
  const { db } = database
  const read = async (tenant: string, vectorStoreId: string): Promise<VectorStore> => {
    const { rows } = await sql`select ${columns} from ${stores} where s.tenant = ${tenant} and s.id = ${vectorStoreId}`.execute(
      db,
    )
    if (rows.length === 0) throw storeNotFound(vectorStoreId)
    return vectorStore(rows[0])
  }
  return {
    createVectorStore: async (input) => read(input.tenant, await insertStore(database, input)),
    getVectorStore: ({ tenant, vectorStoreId }) => read(tenant, vectorStoreId),
    async getSearchableMetadata({ tenant, vectorStoreId }) {
      const { rows } = await sql`
        select s.metadata, ${isStoreExpired} as is_expired from vector_stores s where tenant = ${tenant} and id = ${vectorStoreId}
      `.execute(db)
      if (rows.length === 0) throw storeNotFound(vectorStoreId)
      const { metadata, is_expired: isExpired } = Row.pick({ metadata: true, is_expired: true }).parse(rows[0])
      if (isExpired) throw storeExpired(vectorStoreId)
      return metadata
    },
    listVectorStores({ tenant, ...request }) {
      const list = {
        select: columns,
        from: stores,
        scope: sql`s.tenant = ${tenant}`,
        place: { tenant, list: 'vector_stores' },
        createdAt: sql`s.created_at`,
        id: sql`s.id`,
      }
      return readPage(database, { ...list, rowOf: vectorStore }, request)
    },
    async updateVectorStore({ tenant, vectorStoreId, name, metadata, expiresAfterDays }) {
      const expiry =
        expiresAfterDays === undefined ? sql`` : sql`, expires_after_days = ${expiresAfterDays}::int, last_active_at = now()`
      const { rows } = await sql`
        update vector_stores s set name = coalesce(${name === undefined ? null : storableText(name)}, name),
          metadata = coalesce(${metadata === undefined ? null : storableJson(metadata)}::jsonb, metadata)${expiry}
        where tenant = ${tenant} and id = ${vectorStoreId} and (${expiresAfterDays === undefined} or not ${isStoreExpired}) returning id
      `.execute(db)
      const store = await read(tenant, vectorStoreId)
      if (rows.length === 0) throw storeExpired(vectorStoreId)
      return store
    },
    // Files are locked first, because indexing locks a file of the store and then the store. In another order, both could wait for each other.
    async deleteVectorStore({ tenant, vectorStoreId }) {
      const { rows } = await sql`
        with held as materialized (
          select 1 from vector_store_files where tenant = ${tenant} and vector_store_id = ${vectorStoreId} order by file_id for update
        )
        delete from vector_stores where tenant = ${tenant} and id = ${vectorStoreId} and (select count(*) from held) >= 0 returning id
      `.execute(db)
      if (rows.length > 0) await dropStoreIndex(database, vectorStoreId)
      return rows.length > 0
    },
    async listVectorStoreIds({ tenant, limit = 100 }) {
      const { rows } = await sql`
        select id from vector_stores s where tenant = ${tenant} and not ${isStoreExpired} order by created_at desc, id desc limit ${limit}
      `.execute(db)
      return rows.map((row) => IdRow.parse(row).id)
    },
  }
}

const IdRow = z.object({ id: z.string() })

export const countColumns = sql`
  count(*) filter (where f.status in ('in_progress', 'embedding'))::int as in_progress, count(*) filter (where f.status = 'completed')::int as completed,
  count(*) filter (where f.status = 'failed')::int as failed, count(*) filter (where f.status = 'cancelled')::int as cancelled,
  count(*)::int as total`

export const Counts = z.object({ in_progress: z.int(), completed: z.int(), failed: z.int(), cancelled: z.int(), total: z.int() })

export function countsOf({ in_progress: inProgress, completed, failed, cancelled, total }: z.infer<typeof Counts>): FileCounts {
  return { inProgress, completed, failed, cancelled, total }
}

const stores: RawBuilder<unknown> = sql`vector_stores s left join lateral (
  select ${countColumns}, coalesce(sum(f.usage_bytes), 0) as usage_bytes from vector_store_files f where f.vector_store_id = s.id
) c on true`
const columns = sql`s.id, s.name, s.metadata, s.created_at, s.last_active_at, s.expires_after_days, ${storeExpiresAt} as expires_at,
  ${isStoreExpired} as is_expired, c.*`

const Row = Counts.extend({
  id: z.string(),
  name: z.string(),
  metadata: z.record(z.string(), z.string()),
  created_at: z.date(),
  last_active_at: z.date(),
  expires_after_days: z.int().nullable(),
  expires_at: z.date().nullable(),
  is_expired: z.boolean(),
  usage_bytes: z.coerce.number(),
})

function vectorStore(row: unknown): VectorStore {
  const {
    id,
    name,
    metadata,
    created_at: createdAt,
    last_active_at: lastActiveAt,
    expires_after_days: expiresAfterDays,
    expires_at: expiresAt,
    is_expired: isExpired,
    usage_bytes: usageBytes,
    ...counts
  } = Row.parse(row)
  const status = isExpired ? 'expired' : counts.in_progress > 0 ? 'in_progress' : 'completed'
  const expiry = { expiresAfterDays, expiresAt }
  return { id, name, metadata, createdAt, lastActiveAt, ...expiry, usageBytes, status, fileCounts: countsOf(counts) }
}

export function storeNotFound(vectorStoreId: string): WeftError {
  return new WeftError('not_found', `There is no vector store '${vectorStoreId}'.`, { param: 'vector_store_id' })
}

/** Inserts a store and its first files in one statement, which inserts nothing when one of the files is not the tenant's. Throws `not_found` then. */
async function insertStore(database: Database, input: Parameters<VectorStoreMethods['createVectorStore']>[0]): Promise<string> {
  const { tenant, name = '', metadata = {}, chunkingStrategy = { type: 'auto' }, expiresAfterDays = null } = input
  const fileIds = [...new Set(input.fileIds ?? [])]
  const id = newId('vs')
  const { rows } = await sql`
    with owned as (
      select id from files where tenant = ${tenant} and id = any(${fileIds})
    ), store as (
      insert into vector_stores (id, tenant, name, metadata, expires_after_days)
      select ${id}, ${tenant}, ${storableText(name)}, ${storableJson(metadata)}::jsonb, ${expiresAfterDays}::int where (select count(*) from owned) = ${fileIds.length}
      returning id
    ), added as (
      insert into vector_store_files (vector_store_id, file_id, tenant, chunking_strategy)
      select store.id, owned.id, ${tenant}, ${storableJson(chunkingStrategy)}::jsonb from store, owned
    )
    select id from owned where not exists (select 1 from store) union all select id from store
  `.execute(database.db)
  const ids = new Set(rows.map((row) => IdRow.parse(row).id))
  if (ids.has(id)) {
    await indexStoreWords(database, id)
    return id
  }
  throw fileNotFound(fileIds.find((fileId) => !ids.has(fileId)) ?? '')
}
