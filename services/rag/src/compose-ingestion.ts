import type { Database } from '@weft/database'
import {
  createFileReader,
  deleteAbandonedUploads,
  type HeaderWriter,
  ingestFile,
  ingestSmallFiles,
  listIngestionJobs,
  type ReadImageText,
} from '@weft/retrieval'
import type { Embedding } from './compose-embedding.ts'
import { createIngestionWorker, type IngestionWorker, type IngestionWorkerOptions } from './ingestion-worker.ts'

export type IngestionParts = {
  /** For what somebody waits for, a few seconds at most. */
  database: Database
  /** For what may take longer. */
  patient: Database
  embedding: Embedding
  logger: IngestionWorkerOptions['logger']
  concurrency: number
  /** Absent: images are refused. */
  readImageText: ReadImageText | undefined
  /** Absent: passages have no headers. */
  headers: HeaderWriter | undefined
}

/** Everything between an added file and its being found: reading and indexing it, then making its vectors. */
export function composeIngestion(parts: IngestionParts): IngestionWorker {
  const { database, patient, embedding, logger, concurrency, readImageText, headers } = parts
  const { awaitsVectors, hint: onWritten } = embedding
  const reader = createFileReader({ readImageText })
  const ingestion = createIngestionWorker({
    async listJobs(limit) {
      await deleteAbandonedUploads(patient)
      return listIngestionJobs(patient, limit)
    },
    async ingestSmall(jobs, signal) {
      // A model takes seconds for each: every file is then done alone, and gives signs of life.
      if (headers !== undefined) return new Map()
      return ingestSmallFiles({ database, reader, awaitsVectors, onWritten }, jobs, signal)
    },
    ingest: (job, signal) => ingestFile({ database: patient, reader, headers, awaitsVectors, onWritten }, job, signal),
    logger,
    concurrency,
  })
  return {
    start() {
      embedding.start()
      ingestion.start()
    },
    hint: ingestion.hint,
    async stop() {
      await ingestion.stop()
      await embedding.stop()
      await reader.stop()
    },
  }
}
