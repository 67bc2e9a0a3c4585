import { migrateUp, openDatabase } from '@weft/database'
import {
  createActorHost,
  createActorStore,
  createInternalApp,
  createSidecar,
  type HealthCheck,
  listen,
  type RunningServer,
  type Service,
} from '@weft/mesh'
import { startTelemetry } from '@weft/telemetry'
import type { SessionInput } from './core/session-state.ts'
import { createSessionStore } from './dapr-session-store.ts'
import { createAttemptDispatcher } from './dispatch-attempts.ts'
import { createBlobStore } from './postgres-blobs.ts'
import { createEventLog } from './postgres-event-log.ts'
import { createReplyPublisher } from './reply-publisher.ts'
import { createPlanRequester } from './request-plans.ts'
import { resumeSessions } from './resume-sessions.ts'
import { createSessionEffects } from './session-effects.ts'
import { createSessionHost, type SessionHost } from './session-host.ts'
import type { OrchestratorSettings } from './settings.ts'
import { weftVersion } from '@weft/contracts'

const resumeDelayMs = 500

/** The only place that builds the orchestrator's parts. */
export async function composeOrchestrator(settings: OrchestratorSettings): Promise<Service> {
  const telemetry = await startTelemetry({
    serviceName: 'orchestrator',
    serviceVersion: weftVersion,
    instanceId: settings.WEFT_INSTANCE,
    logLevel: settings.WEFT_LOG_LEVEL,
    otlpEndpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
  })
  const { logger, metrics } = telemetry
  const sidecar = createSidecar({ httpPort: settings.DAPR_HTTP_PORT, apiToken: settings.DAPR_API_TOKEN })
  const database = openDatabase({ urls: settings.DATABASE_URLS, poolSize: 4, logger })
  const onProblem = (what: string, actorId: string, cause: unknown) =>
    logger.warn(`${what} failed`, { actorId, cause: messageOf(cause) })

  const host: SessionHost = createSessionHost({
    store: createSessionStore({ actors: createActorStore(sidecar, 'Session'), sidecar, blobs: createBlobStore(database) }),
    effects: createSessionEffects({
      apply: (actorId, input) => apply(actorId, input),
      peek: (actorId) => host.peek(actorId),
      plans: createPlanRequester({ sidecar, apply: (actorId, input) => apply(actorId, input), onProblem }),
      get attempts() {
        return attempts
      },
      get replies() {
        return replies
      },
      get eventLog() {
        return eventLog
      },
    }),
    nowMs: Date.now,
    onProblem,
  })
  const attempts = createAttemptDispatcher({ sidecar, onProblem })
  const replies = createReplyPublisher({
    publish: (topic, batch) => sidecar.publish(topic, batch),
    onProblem: (cause) => logger.warn('a reply batch was not published', { cause: messageOf(cause) }),
  })
  const eventLog = createEventLog({
    database,
    onFlushed: (actorId, upToSeq) => {
      apply(actorId, { type: 'flushed', upToSeq }).catch((cause: unknown) => onProblem('note flushed events', actorId, cause))
    },
    onProblem: (cause) => logger.warn('the event log is behind', { cause: messageOf(cause) }),
  })
  async function apply(actorId: string, input: SessionInput): Promise<void> {
    await host.apply(actorId, input)
  }

  metrics.gauge('weft_sessions_hosted', 'Sessions in memory on this host', () => host.hostedCount())
  metrics.gauge('weft_attempts_running', 'Attempts of steps this host is running', () => attempts.runningCount())
  metrics.gauge('weft_event_log_queued', 'Events committed and not yet in the event log', () => eventLog.queuedCount())

  const checks: HealthCheck[] = [
    { name: 'sidecar', isRequired: true, check: () => sidecar.isHealthy() },
    { name: 'database', isRequired: false, check: () => database.isHealthy() },
  ]
  let server: RunningServer | undefined
  return {
    async start() {
      const app = createInternalApp({
        telemetry,
        appToken: settings.APP_API_TOKEN,
        checks,
        routes: (internal) => internal.use(createActorHost(host)),
      })
      server = await listen(app, { port: settings.WEFT_APP_PORT })
      void bootWork()
      logger.info('orchestrator is listening', { port: server.port })
    },
    async stop() {
      await server?.stop()
      host.stop()
      attempts.stop()
      await Promise.all([replies.stop(), eventLog.stop()])
      await Promise.all([sidecar.stop(), database.stop()])
      await telemetry.stop()
    },
  }

  /** The database may come later than this host; sessions already run without it. */
  async function bootWork(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        if (!(await sidecar.isHealthy())) throw new Error('the sidecar is not ready')
        await migrateUp(database)
        const resumed = await resumeSessions(database, sidecar, (cause) =>
          logger.warn('a session was not woken', { cause: messageOf(cause) }),
        )
        logger.info('unfinished sessions were woken', { resumed })
        return
      } catch (cause) {
        if (attempt % 20 === 1) logger.warn('boot work waits', { cause: messageOf(cause) })
        await new Promise((resolve) => setTimeout(resolve, resumeDelayMs))
      }
    }
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
