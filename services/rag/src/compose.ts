import { createLiveSettings, createSettingsStore, openDatabase } from '@weft/database'
import {
  createInternalApp,
  createKeptResults,
  createSharedState,
  createSidecar,
  type HealthCheck,
  listen,
  type RunningServer,
  type Service,
  serveAgent,
  startServiceTelemetry,
} from '@weft/mesh'
import {
  createModels,
  createPostgresRouting,
  createRerankers,
  createRoutingMemory,
  localEmbeddingModel,
  openControls,
} from '@weft/models'
import { composeAnswering } from './compose-answering.ts'
import { composeEmbedding } from './compose-embedding.ts'
import { composeExpiry } from './compose-expiry.ts'
import { composeIngestion } from './compose-ingestion.ts'
import { card } from './core/card.ts'
import { createSearch } from './create-search.ts'
import { createEmbedders } from './embedders.ts'
import { limitSearches } from './limit-searches.ts'
import { limitThreadHeaps } from './limit-thread-heaps.ts'
import { createImageReader } from './read-image-text.ts'
import { embedTexts } from './routes/embed-texts.ts'
import { hintIngestion } from './routes/hint-ingestion.ts'
import { searchPassages } from './routes/search-passages.ts'
import { steerEmbedding } from './routes/steer-embedding.ts'
import { verifyCitations } from './routes/verify-citations.ts'
import type { RagSettings } from './settings.ts'
import { createHeaderWriter } from './write-chunk-header.ts'

const answerPatienceMs = 6_000

/** The only place that builds the retrieval agent's parts. */
export async function composeRag(environment: RagSettings): Promise<Service> {
  limitThreadHeaps()
  const telemetry = await startServiceTelemetry('rag', environment)
  const { logger } = telemetry
  // Who waits for an answer waits a few seconds for the database; indexing a large file may take it longer.
  const database = openDatabase({ urls: environment.DATABASE_URLS, queryTimeoutMs: answerPatienceMs, logger })
  const ingestion = openDatabase({ urls: environment.DATABASE_URLS, poolSize: 4, logger })
  const live = createLiveSettings({ environment, store: createSettingsStore(database), logger })
  const { settings } = live
  const sidecar = createSidecar({ httpPort: settings.DAPR_HTTP_PORT, apiToken: settings.DAPR_API_TOKEN })
  const routing = createRoutingMemory({ store: createPostgresRouting(database), logger })
  const shared = createSharedState(sidecar)
  const callControls = openControls({ settings, service: 'rag', database, patient: ingestion, shared, logger })
  const { controls } = callControls
  const models = createModels({ settings, telemetry, routing, controls, overlay: live.overlay })
  const embedders = createEmbedders(settings, { controls, modelOf: models.get, agent: card.id })
  if (embedders.problem !== undefined) logger.warn('search goes by words alone', { cause: embedders.problem })
  const concurrency = settings.WEFT_INGESTION_CONCURRENCY
  const embedding = composeEmbedding({ patient: ingestion, embedders, logger })
  const readImageText = createImageReader(models, settings.WEFT_VISION_MODEL)
  const headers = createHeaderWriter(models, settings.WEFT_CONTEXT_MODEL)
  const worker = composeIngestion({ database, patient: ingestion, embedding, logger, concurrency, readImageText, headers })
  const expiry = composeExpiry({ database, patient: ingestion, logger })
  const rerankers = createRerankers(settings, { models, controls })
  const search = limitSearches(createSearch({ database, embedders, rerankers, onSearch: expiry.onSearch }))
  const { execute, rewriteQuestion } = composeAnswering({ settings, database, search, onRead: expiry.onSearch, models, logger })
  const checks: HealthCheck[] = [
    { name: 'database', isRequired: true, check: () => database.isHealthy() },
    { name: 'sidecar', isRequired: true, check: () => sidecar.isHealthy() },
    { name: 'embedder', isRequired: false, check: async () => embedders.problem === undefined && embedding.isAsChosen() },
    { name: 'model', isRequired: false, check: async () => (await models.defaultModelId()) !== '' },
  ]
  const localEmbedder = () => embedders.of(localEmbeddingModel.id)
  let server: RunningServer | undefined
  return {
    async start() {
      const app = createInternalApp({
        telemetry,
        appToken: settings.APP_API_TOKEN,
        checks,
        routes(internal) {
          internal.use(serveAgent({ card, execute, results: createKeptResults(sidecar) }))
          internal.post('/search', searchPassages(search, rewriteQuestion))
          internal.post('/citations', verifyCitations(database))
          internal.post('/ingest', hintIngestion(worker))
          internal.post('/embeddings', steerEmbedding(embedding))
          internal.post('/embed', embedTexts(localEmbedder))
        },
      })
      await live.start()
      callControls.ledger.start()
      server = await listen(app, { port: settings.WEFT_APP_PORT })
      worker.start()
      expiry.start()
      routing.start()
      telemetry.logger.info('rag is listening', { port: server.port })
    },
    async stop() {
      await server?.stop()
      await Promise.all([worker.stop(), expiry.stop()])
      await embedders.stop()
      live.stop()
      await models.stop()
      await Promise.all([callControls.stop(), routing.stop()])
      await sidecar.stop()
      await Promise.all([database.stop(), ingestion.stop()])
      await telemetry.stop()
    },
  }
}
