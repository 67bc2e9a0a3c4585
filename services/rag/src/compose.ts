import { weftVersion } from '@weft/contracts'
import { openDatabase } from '@weft/database'
import {
  createInternalApp,
  createKeptResults,
  createSidecar,
  type HealthCheck,
  listen,
  type RunningServer,
  type Service,
  serveAgent,
} from '@weft/mesh'
import { createModels } from '@weft/models'
import {
  createFileReader,
  deleteAbandonedUploads,
  ingestFile,
  listIngestionJobs,
  searchKnowledge,
  verifyQuotes,
} from '@weft/retrieval'
import { startTelemetry } from '@weft/telemetry'
import { card } from './core/card.ts'
import { executeStep } from './execute-step.ts'
import { createIngestionWorker } from './ingestion-worker.ts'
import { hintIngestion } from './routes/hint-ingestion.ts'
import { searchPassages } from './routes/search-passages.ts'
import type { RagSettings } from './settings.ts'

/** The only place that builds the retrieval agent's parts. */
export async function composeRag(settings: RagSettings): Promise<Service> {
  const telemetry = await startTelemetry({
    serviceName: 'rag',
    serviceVersion: weftVersion,
    instanceId: settings.WEFT_INSTANCE,
    logLevel: settings.WEFT_LOG_LEVEL,
    otlpEndpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
    otlpTracesEndpoint: settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
    otlpMetricsEndpoint: settings.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT,
  })
  const database = openDatabase({ urls: settings.DATABASE_URLS, logger: telemetry.logger })
  const sidecar = createSidecar({ httpPort: settings.DAPR_HTTP_PORT, apiToken: settings.DAPR_API_TOKEN })
  const models = createModels({ settings, telemetry })
  const reader = createFileReader()
  const worker = createIngestionWorker({
    async listJobs(limit) {
      await deleteAbandonedUploads(database)
      return listIngestionJobs(database, limit)
    },
    ingest: (job, signal) => ingestFile({ database, reader }, job, signal),
    logger: telemetry.logger,
    concurrency: settings.WEFT_INGESTION_CONCURRENCY,
  })
  const search = (request: Parameters<typeof searchKnowledge>[1]) => searchKnowledge(database, request)
  const execute = executeStep({
    models,
    search,
    verifyQuotes: (tenant) => (quotes) => verifyQuotes(database, { tenant, quotes }),
  })
  const checks: HealthCheck[] = [
    { name: 'database', isRequired: true, check: () => database.isHealthy() },
    { name: 'sidecar', isRequired: true, check: () => sidecar.isHealthy() },
    { name: 'model', isRequired: false, check: async () => (await models.defaultModelId()) !== '' },
  ]
  let server: RunningServer | undefined
  return {
    async start() {
      const app = createInternalApp({
        telemetry,
        appToken: settings.APP_API_TOKEN,
        checks,
        routes(internal) {
          internal.use(serveAgent({ card, execute, results: createKeptResults(sidecar) }))
          internal.post('/search', searchPassages(search))
          internal.post('/ingest', hintIngestion(worker))
        },
      })
      server = await listen(app, { port: settings.WEFT_APP_PORT })
      worker.start()
      telemetry.logger.info('rag is listening', { port: server.port })
    },
    async stop() {
      await server?.stop()
      await worker.stop()
      await reader.stop()
      await models.stop()
      await sidecar.stop()
      await database.stop()
      await telemetry.stop()
    },
  }
}
