import type { Embedder } from '@weft/contracts'
import type { Database } from '@weft/database'
import {
  activateEmbeddingModel,
  createFileReader,
  deleteAbandonedUploads,
  embedChunks,
  ingestFile,
  ingestSmallFiles,
  listIngestionJobs,
} from '@weft/retrieval'
import { createEmbeddingWorker, type EmbeddingWorkerOptions } from './embedding-worker.ts'
import { createIngestionWorker, type IngestionWorker, type IngestionWorkerOptions } from './ingestion-worker.ts'

export type IngestionParts = {
  /** For what somebody waits for, a few seconds at most. */
  database: Database
  /** For what may take longer. */
  patient: Database
  embedder: Embedder | undefined
  logger: IngestionWorkerOptions['logger'] & EmbeddingWorkerOptions['logger']
  concurrency: number
}

/** Everything between an added file and its being found: reading and indexing it, then making its vectors. */
export function composeIngestion({ database, patient, embedder, logger, concurrency }: IngestionParts): IngestionWorker {
  const reader = createFileReader()
  const embedding = createEmbeddingWorker({
    activate: async () => activateEmbeddingModel(patient, await embedder?.describe()),
    embed: (signal) => (embedder === undefined ? nothing : embedChunks({ database: patient, embedder }, signal)),
    logger,
  })
  const ingestion = createIngestionWorker({
    async listJobs(limit) {
      await deleteAbandonedUploads(patient)
      return listIngestionJobs(patient, limit)
    },
    ingestSmall: (jobs, signal) => ingestSmallFiles({ database, reader }, jobs, signal).finally(embedding.hint),
    ingest: (job, signal) => ingestFile({ database: patient, reader }, job, signal).finally(embedding.hint),
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

const nothing = Promise.resolve({ embedded: 0, copied: 0, completedFiles: 0 })
