import { handle } from '@weft/mesh'
import { IngestionHint } from '@weft/retrieval'
import type { RequestHandler } from 'express'
import type { IngestionWorker } from '../ingestion-worker.ts'

/** `POST /ingest`: says that files wait; answered at once, the rows in the database being the jobs. */
export function hintIngestion(worker: IngestionWorker): RequestHandler {
  return handle(IngestionHint, async ({ fileIds, ...store }) => {
    for (const fileId of fileIds) worker.hint({ ...store, fileId })
    return { isAccepted: true }
  })
}
