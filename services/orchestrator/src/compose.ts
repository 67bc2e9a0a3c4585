import { type ApprovalPolicy, errorMessage, sessionActorId, type WorkflowPlan } from '@weft/contracts'
import { type Database, openDatabase } from '@weft/database'
import {
  type ActorType,
  armCrashPoints,
  createActorHost,
  createActorState,
  createInternalApp,
  createReminders,
  createSidecar,
  type HealthCheck,
  listen,
  mayCrashAround,
  type Service,
  type Sidecar,
  startServiceTelemetry,
} from '@weft/mesh'
import type { Telemetry } from '@weft/telemetry'
import { z } from 'zod'
import { checkCitations } from './attempts/check-citations.ts'
import { checkOutput } from './attempts/check-output.ts'
import { AttemptDispatcher } from './attempts/dispatch-attempts.ts'
import { createKnownAgents } from './attempts/known-agents.ts'
import { leaveOutCitations } from './attempts/leave-out-citations.ts'
import { agentsOf } from './core/apply-plan.ts'
import type { SessionInput } from './core/session-input.ts'
import { sessionLimits } from './core/session-limits.ts'
import type { SessionPlace } from './core/session-place.ts'
import { eraseFamily, eraseLost } from './log/postgres-erase-session.ts'
import { createEventLog } from './log/postgres-event-log.ts'
import { loadHistory } from './log/postgres-history.ts'
import { checkAddedSteps } from './plans/check-added-steps.ts'
import { createPlanRequester } from './plans/request-plans.ts'
import { breakSessions, type HostedSessions } from './session/break-sessions.ts'
import { createChildCalls, falseIfMissing } from './session/child-calls.ts'
import { createReplyPublisher } from './session/reply-publisher.ts'
import { createSessionEffects } from './session/session-effects.ts'
import { SessionHost } from './session/session-host.ts'
import type { OrchestratorSettings } from './settings.ts'
import { startCompacting } from './store/compact-sessions.ts'
import { createSessionStore } from './store/dapr-session-store.ts'
import { createEarlierLayout } from './store/earlier-layout.ts'
import { createBlobStore } from './store/postgres-blobs.ts'
import { keepSession, startResuming, wakeSession } from './wake/resume-sessions.ts'
import { createWatches, type WatchesDeps, watchActorType } from './wake/watches.ts'

/** The only place that builds the orchestrator's parts. */
export async function composeOrchestrator(settings: OrchestratorSettings): Promise<Service> {
  const telemetry = await startServiceTelemetry('orchestrator', settings)
  if (settings.faults !== undefined) armCrashPoints(settings.faults)
  const sidecar = createSidecar({ httpPort: settings.DAPR_HTTP_PORT, apiToken: settings.DAPR_API_TOKEN })
  const database = openDatabase({ urls: settings.DATABASE_URLS, poolSize: 4, logger: telemetry.logger })
  const engine = composeEngine({ telemetry, sidecar, database, policies: settings.approvalPolicies, faults: settings.faults })
  const checks: HealthCheck[] = [
    { name: 'sidecar', isRequired: true, check: () => sidecar.isHealthy() },
    { name: 'database', isRequired: false, check: () => database.isHealthy() },
  ]
  const app = createInternalApp({
    telemetry,
    appToken: settings.APP_API_TOKEN,
    checks,
    routes: (internal) => internal.use(createActorHost(...engine.actors)),
  })
  let stopParts = async () => {}
  return {
    async start() {
      const server = await listen(app, { port: settings.WEFT_APP_PORT })
      const resuming = settings.faults?.dropsHints ? undefined : startResuming({ database, sidecar, logger: telemetry.logger })
      telemetry.logger.info('orchestrator is listening', { port: server.port })
      const compacting = startCompacting({ database, sidecar, logger: telemetry.logger })
      stopParts = async () => {
        resuming?.stop()
        compacting.stop()
        await server.stop()
        await engine.stop()
      }
    },
    async stop() {
      await stopParts()
      await Promise.all([sidecar.stop(), database.stop()])
      await telemetry.stop()
    },
  }
}

interface Outside {
  telemetry: Telemetry
  sidecar: Sidecar
  database: Database
  policies: ApprovalPolicy[]
  faults: OrchestratorSettings['faults']
}

/** The session engine: the host, and the effects of its commits, whose results come back to it. */
function composeEngine({ telemetry, sidecar, database, policies, faults }: Outside): {
  actors: ActorType[]
  stop(): Promise<void>
} {
  const { logger, metrics } = telemetry
  const onProblem = (what: string, actorId: string, cause: unknown) =>
    logger.warn(`${what} failed`, { actorId, cause: errorMessage(cause) })
  const apply = async (actorId: string, input: SessionInput): Promise<void> => void (await hosted.apply(actorId, input))
  const replies = createReplyPublisher({
    publish: async (topic, batch) =>
      faults?.dropsHints === true
        ? undefined
        : mayCrashAround('publish', () => sidecar.publishText(topic, JSON.stringify(batch))),
    onProblem: (cause) => logger.warn('a reply batch was not published', { cause: errorMessage(cause) }),
  })
  const eventLog = createEventLog({
    database,
    onFlushed: (actorId, upToSeq) => hosted.noteFlushed(actorId, upToSeq),
    onProblem: (cause) => logger.warn('the event log is behind', { cause: errorMessage(cause) }),
  })
  const agents = createKnownAgents({ sidecar, onRead: () => attempts.reviewPlaces() })
  const attempts: AttemptDispatcher = new AttemptDispatcher({ sidecar, maxConcurrencyOf: agents.maxConcurrencyOf, onProblem })
  const ensureAgentsKnown = (plan: WorkflowPlan) => agents.ensureKnown(agentsOf(plan))
  const plans = createPlanRequester({ sidecar, ensureAgentsKnown, apply, onProblem })
  const breaker = breakSessions(faults)
  const { store, watches } = composeStore({ sidecar, database, settle: (actorId) => host.settle(actorId), onProblem })
  const erasure = { database, deleteSession: (other: SessionPlace) => deleteSession(sidecar, other) }
  const host: SessionHost = new SessionHost({
    watches,
    store,
    effects: breaker.effects(
      createSessionEffects({
        plans,
        attempts,
        replies,
        eventLog,
        children: createChildCalls({ sidecar, apply, peek: (actorId) => host.peek(actorId), onProblem }),
        apply: (actorId, input) => hosted.apply(actorId, input),
        check: async (state, input) => {
          const fitting = leaveOutCitations(agents, state, checkOutput(agents, state, input))
          return checkAddedSteps(sidecar, state, await checkCitations(sidecar, state, fitting))
        },
        mayCite: agents.mayCite,
        peek: (actorId) => host.peek(actorId),
        erase: (session) => eraseFamily(erasure, session),
        onProblem,
      }),
    ),
    nowMs: Date.now,
    policies,
    agentVersions: agents.versions,
    ensureAgentsKnown,
    tellAttempt: (actorId, ref) => attempts.told(actorId, ref),
    wake: (actorId) => wakeSession(sidecar, actorId),
    history: (tenant, sessionId) => loadHistory(database, { tenant, sessionId, limit: sessionLimits.historyMessagesMax }),
    eraseLost: (session) => eraseLost(erasure, session),
    onProblem,
  })
  const hosted: HostedSessions = breaker.hosted(host)
  metrics.gauge('weft_sessions_hosted', 'Sessions in memory on this host', () => host.hostedCount())
  metrics.gauge('weft_attempts_running', 'Attempts of steps this host is running', () => attempts.runningCount())
  metrics.gauge('weft_attempts_waiting', 'Those of them that wait for a place at their agent', () => attempts.waitingCount())
  metrics.gauge('weft_event_log_queued', 'Events committed and not yet in the event log', () => eventLog.queuedCount())
  return {
    actors: [hosted.actors, watches.actors],
    async stop() {
      watches.stop()
      host.stop()
      agents.stop()
      attempts.stop()
      await Promise.all([replies.stop(), eventLog.stop()])
    },
  }
}

/** Where sessions are stored, and the watches that wake young ones should this host be gone. */
function composeStore({
  sidecar,
  database,
  ...deps
}: Pick<Outside, 'sidecar' | 'database'> & Pick<WatchesDeps, 'settle' | 'onProblem'>) {
  const actors = createActorState(sidecar, 'Session')
  const store = createSessionStore({
    actors,
    reminders: createReminders(sidecar, 'Session'),
    blobs: createBlobStore(database),
    mayHaveEarlierKeys: createEarlierLayout(database),
  })
  const watches = createWatches({
    ...deps,
    state: actors,
    reminders: createReminders(sidecar, watchActorType),
    // A session that cannot be reached now gets a reminder from here: it is woken by that, and the watch need not wait for it.
    keep: (actorId) => keepSession(sidecar, actorId).catch(() => store.arm(actorId)),
  })
  return { store, watches }
}

async function deleteSession(sidecar: Sidecar, { tenant, sessionId }: SessionPlace): Promise<boolean> {
  const session = { type: 'Session', id: sessionActorId(tenant, sessionId), method: 'delete' }
  return sidecar.callActor(session, { body: {}, schema: z.unknown() }).then(() => true, falseIfMissing)
}
