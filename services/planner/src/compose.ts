import { openDatabase } from '@weft/database'
import {
  createInternalApp,
  createSidecar,
  type HealthCheck,
  listen,
  type RunningServer,
  type Service,
  startServiceTelemetry,
} from '@weft/mesh'
import { createAgentCards } from './agent-cards.ts'
import { optimizePlanRoute } from './routes/optimize-plan.ts'
import { planRequest } from './routes/plan-request.ts'
import { showRegistry } from './routes/show-registry.ts'
import { validatePlanRoute } from './routes/validate-plan.ts'
import { createJoinedCards } from './joined-cards.ts'
import { readPastRuns } from './postgres-past-runs.ts'
import { createRunHistory } from './run-history.ts'
import type { PlannerSettings } from './settings.ts'

/** The only place that builds the planner's parts. */
export async function composePlanner(settings: PlannerSettings): Promise<Service> {
  const telemetry = await startServiceTelemetry('planner', settings)
  const sidecar = createSidecar({ httpPort: settings.DAPR_HTTP_PORT, apiToken: settings.DAPR_API_TOKEN })
  const cards = createAgentCards({
    sidecar,
    agents: settings.WEFT_AGENTS,
    joined: createJoinedCards({
      sidecar,
      nowMs: () => performance.now(),
      onProblem: (cause) => telemetry.logger.warn('the agents that joined were not read', { cause: String(cause) }),
    }),
    onProblem: (agent, cause) => telemetry.logger.warn('an agent card was not read', { agent, cause: String(cause) }),
  })
  const database = openDatabase({ urls: settings.DATABASE_URLS, poolSize: 1, logger: telemetry.logger })
  const history = createRunHistory((tenant) => readPastRuns(database, tenant), {
    nowMs: () => performance.now(),
    onProblem: (cause) => telemetry.logger.warn('what finished runs cost was not read', { cause: String(cause) }),
  })
  const checks: HealthCheck[] = [{ name: 'sidecar', isRequired: true, check: () => sidecar.isHealthy() }]
  let server: RunningServer | undefined
  return {
    async start() {
      const app = createInternalApp({
        telemetry,
        appToken: settings.APP_API_TOKEN,
        checks,
        routes(internal) {
          internal.post('/plan', planRequest(cards, history))
          internal.post('/validate', validatePlanRoute(cards))
          internal.post('/optimize', optimizePlanRoute(cards))
          internal.post('/registry', showRegistry(cards))
        },
      })
      server = await listen(app, { port: settings.WEFT_APP_PORT })
      telemetry.logger.info('planner is listening', { port: server.port })
    },
    async stop() {
      cards.stop()
      await server?.stop()
      await sidecar.stop()
      await database.stop()
      await telemetry.stop()
    },
  }
}
