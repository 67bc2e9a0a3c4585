import { newId, WeftError } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import type { FileBatch, FileBatchMethods } from './knowledge-types.ts'
import { putFiles } from './postgres-vector-store-files.ts'
import { Counts, countColumns, countsOf } from './postgres-vector-stores.ts'

type BatchPlace = { tenant: string; vectorStoreId: string; batchId: string }

/** Files added together. */
export function createFileBatchMethods(database: Database): FileBatchMethods {
  return {
    async addFiles({ tenant, vectorStoreId, files }) {
      const batchId = newId('vsfb')
      await putFiles(database, { tenant, vectorStoreId, batchId }, files)
      return readBatch(database, { tenant, vectorStoreId, batchId })
    },
    getFileBatch: (place) => readBatch(database, place),
    async cancelFileBatch(place) {
      const { tenant, vectorStoreId, batchId } = place
      await sql`
        update vector_store_files set status = 'cancelled', updated_at = now()
        where tenant = ${tenant} and vector_store_id = ${vectorStoreId} and batch_id = ${batchId} and status = 'in_progress'
      `.execute(database.db)
      return readBatch(database, place)
    },
  }
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
