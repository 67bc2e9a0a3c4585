import { newId, WeftError } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { laterTime } from './postgres-knowledge-version.ts'
import type { FileBatch, FileBatchMethods } from './knowledge-types.ts'
import { putFiles } from './postgres-vector-store-files.ts'
import { Counts, countColumns, countsOf } from './postgres-vector-stores.ts'

type BatchPlace = { tenant: string; vectorStoreId: string; batchId: string }

/** Batches of files that were added together. */
export function createFileBatchMethods(database: Database): FileBatchMethods {
  return {
    async addFiles({ tenant, vectorStoreId, files }) {
      const batchId = newId('vsfb')
      await putFiles(database, { tenant, vectorStoreId, batchId }, files)
      return readBatch(database, { tenant, vectorStoreId, batchId })
    },
    getFileBatch: (place) => readBatch(database, place),
    async cancelFileBatch(place) {
      await cancelFiles(database, place)
      return readBatch(database, place)
    },
  }
}

/**
 * Cancels the files of a batch first, which waits for indexing statements under way, and then, in a second statement, deletes the chunks that those may have added,
 * together with their places in the embedding queue.
 */
async function cancelFiles({ db }: Database, { tenant, vectorStoreId, batchId }: BatchPlace): Promise<void> {
  await sql`
    update vector_store_files f set status = 'cancelled', updated_at = ${laterTime}
    where tenant = ${tenant} and vector_store_id = ${vectorStoreId} and batch_id = ${batchId} and status in ('in_progress', 'embedding')
  `.execute(db)
  await sql`
    delete from chunks c using vector_store_files f
    where f.tenant = ${tenant} and f.vector_store_id = ${vectorStoreId} and f.batch_id = ${batchId} and f.status = 'cancelled'
      and c.vector_store_id = f.vector_store_id and c.file_id = f.file_id
  `.execute(db)
}

const Row = Counts.extend({ created_at: z.date() })

async function readBatch(database: Database, { tenant, vectorStoreId, batchId }: BatchPlace): Promise<FileBatch> {
  const { rows } = await sql`
    select b.created_at, c.* from file_batches b left join lateral (
      select ${countColumns} from vector_store_files f where f.vector_store_id = b.vector_store_id and f.batch_id = b.id
    ) c on true
    where b.tenant = ${tenant} and b.vector_store_id = ${vectorStoreId} and b.id = ${batchId}
  `.execute(database.db)
  if (rows.length === 0) {
    throw new WeftError('not_found', `There is no file batch '${batchId}' in the vector store '${vectorStoreId}'.`, {
      param: 'batch_id',
    })
  }
  const { created_at: createdAt, ...counts } = Row.parse(rows[0])
  return { id: batchId, vectorStoreId, status: statusOf(counts), fileCounts: countsOf(counts), createdAt }
}

function statusOf({ in_progress, completed, failed, cancelled, total }: z.infer<typeof Counts>): FileBatch['status'] {
  if (in_progress > 0) return 'in_progress'
  if (cancelled > 0 && completed + failed < total) return 'cancelled'
  return failed === total && total > 0 ? 'failed' : 'completed'
}
