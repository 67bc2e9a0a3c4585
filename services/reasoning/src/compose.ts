import { createLiveSettings, createSettingsStore, openDatabase } from '@weft/database'
import {
  createInternalApp,
  createKeptResults,
  createSharedState,
  createSidecar,
  type HealthCheck,
  listen,
  type RunningServer,
  serveAgent,
  type Service,
  startServiceTelemetry,
} from '@weft/mesh'
import { createModels, createPostgresRouting, createRoutingMemory, openControls } from '@weft/models'
import { verifyPatiently, verifyQuotes } from '@weft/retrieval'
import { card } from './core/card.ts'
import { executeStep } from './execute-step.ts'
import type { ReasoningSettings } from './settings.ts'

/** The only place that builds the reasoning agent's parts. */
export async function composeReasoning(environment: ReasoningSettings): Promise<Service> {
  const telemetry = await startServiceTelemetry('reasoning', environment)
  const database = openDatabase({ urls: environment.DATABASE_URLS, poolSize: 2, logger: telemetry.logger })
  const live = createLiveSettings({ environment, store: createSettingsStore(database), logger: telemetry.logger })
  const { settings } = live
  const sidecar = createSidecar({ httpPort: settings.DAPR_HTTP_PORT, apiToken: settings.DAPR_API_TOKEN })
  const routing = createRoutingMemory({ store: createPostgresRouting(database), logger: telemetry.logger })
  const { logger } = telemetry
  const callControls = openControls({ settings, service: 'reasoning', database, shared: createSharedState(sidecar), logger })
  const models = createModels({
    settings,
    telemetry,
    routing,
    controls: callControls.controls,
    overlay: live.overlay,
  })
  const execute = executeStep({
    models,
    verifyQuotes: (tenant) => verifyPatiently((quotes) => verifyQuotes(database, { tenant, quotes })),
  })
  const checks: HealthCheck[] = [
    { name: 'sidecar', isRequired: true, check: () => sidecar.isHealthy() },
    // Only citations need the database: without it the agent still answers, and says what it could not verify.
    { name: 'database', isRequired: false, check: () => database.isHealthy() },
    { name: 'model', isRequired: false, check: async () => (await models.defaultModelId()) !== '' },
  ]
  let server: RunningServer | undefined
  return {
    async start() {
      const app = createInternalApp({
        telemetry,
        appToken: settings.APP_API_TOKEN,
        checks,
        routes: (internal) => {
          internal.use(serveAgent({ card, execute, results: createKeptResults(sidecar) }))
        },
      })
      await live.start()
      callControls.ledger.start()
      server = await listen(app, { port: settings.WEFT_APP_PORT })
      routing.start()
      telemetry.logger.info('reasoning is listening', { port: server.port })
    },
    async stop() {
      await server?.stop()
      live.stop()
      await models.stop()
      await Promise.all([callControls.stop(), routing.stop()])
      await sidecar.stop()
      await database.stop()
      await telemetry.stop()
    },
  }
}
