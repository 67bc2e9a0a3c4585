import { handle } from '@weft/mesh'
import { IngestionJob } from '@weft/retrieval'
import type { RequestHandler } from 'express'
import type { IngestionWorker } from '../ingestion-worker.ts'

/** `POST /ingest`: says that a file waits; answered at once, the row in the database being the job. */
export function hintIngestion(worker: IngestionWorker): RequestHandler {
  return handle(IngestionJob, async (job) => {
    worker.hint(job)
    return { isAccepted: true }
  })
}
