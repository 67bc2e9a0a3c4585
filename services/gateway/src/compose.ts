import { errorMessage, WeftError } from '@weft/contracts'
import { createLiveSettings, createSettingsStore, type Database, openDatabase } from '@weft/database'
import {
  armCrashPoints,
  createInternalApp,
  createSidecar,
  type HealthCheck,
  listen,
  type RunningServer,
  type Service,
  startServiceTelemetry,
} from '@weft/mesh'
import { createPostgresRouting, createRoutingMemory } from '@weft/models'
import { createKnowledgeStore, EmbeddingsState, readPlaces } from '@weft/retrieval'
import { createPostgresAgents } from './agents/postgres-agents.ts'
import { createPostgresResponses } from './answers/postgres-responses.ts'
import { createPostgresAudit } from './audit/postgres-audit.ts'
import { composeTurnCache } from './compose-cache.ts'
import { composeLoad } from './compose-load.ts'
import { composeModels } from './compose-models.ts'
import { composeRetention } from './compose-retention.ts'
import { composeSessions } from './compose-sessions.ts'
import { allowedHosts } from './core/check-host.ts'
import { pageKey } from './core/page-token.ts'
import { gatewayStopping } from './core/turn-end.ts'
import { createFindDown, dependencyChecks } from './dependency-checks.ts'
import { createOpenStreams } from './http/open-streams.ts'
import { createPostgresListPlaces } from './http/postgres-list-places.ts'
import { createPostgresPageTokens } from './http/postgres-page-tokens.ts'
import { createKeyCheck } from './keys/check-keys.ts'
import { readAdminKey } from './keys/first-admin-key.ts'
import type { KeyStore } from './keys/key-store.ts'
import { createPostgresKeys } from './keys/postgres-keys.ts'
import type { Log } from './log.ts'
import { deliverNotification } from './notifications/deliver-notification.ts'
import { startNotificationWorker } from './notifications/notification-worker.ts'
import { createPostgresNotifications } from './notifications/postgres-notifications.ts'
import { createPostgresWebhooks } from './notifications/postgres-webhooks.ts'
import { createMailSender } from './notifications/send-mail.ts'
import { prepareDatabase } from './prepare-database.ts'
import { createPublicApp, type PublicDeps } from './public-app.ts'
import { ragCalls } from './rag-calls.ts'
import { createReadableStores } from './readable-stores.ts'
import { joinedAgents } from './routes/agents/joined-agents.ts'
import { startCancellingLeft } from './sessions/cancel-refused.ts'
import { mountReplies, replyTopicOf } from './sessions/dapr-replies.ts'
import { createPlanChecks } from './sessions/plan-checks.ts'
import type { GatewaySettings } from './settings.ts'
import { createPostgresUsage } from './usage/postgres-usage.ts'
import { settledUsage } from './usage/settled-usage.ts'

/** Streams get this long to finish by themselves when the gateway stops, then they are ended with an event that says so. */
const finishMs = 4_000
const cutMs = 5_000
const internalCutMs = 500

/** The only place that builds the gateway's parts. */
export async function composeGateway(settings: GatewaySettings): Promise<Service> {
  if (settings.faults !== undefined) armCrashPoints(settings.faults)
  const parts = await buildParts(settings)
  const { telemetry, sidecar, database, models, callControls, streams, life } = parts
  const logger = telemetry.logger
  const adminKey = await readAdminKey({ key: settings.WEFT_API_KEY, file: settings.WEFT_ADMIN_KEY_FILE })
  let internal: RunningServer | undefined
  let open: RunningServer | undefined
  let notifying: { stop(): Promise<void> } | undefined
  let cancelling: { stop(): Promise<void> } | undefined
  return {
    async start(giveUp) {
      internal = await listen(internalApp(parts, settings), { port: settings.WEFT_APP_PORT })
      open = await listen(createPublicApp(parts), { port: settings.WEFT_PORT, host: settings.WEFT_HOST })
      prepareDatabase({ database, audit: parts.audit, adminKey, logger, signal: life.stop.signal })
        .then(() => parts.live.start())
        .then(() => {
          life.isPrepared = true
          parts.routing.start()
          callControls.ledger.start()
          parts.cache?.start()
          if (life.stop.signal.aborted) return
          notifying = startNotifying(parts, settings)
          cancelling = startCancellingLeft({ ...parts, logger })
          parts.retaining.start()
        })
        .catch(giveUp)
      logger.info('gateway is listening', { port: open.port })
    },
    async stop() {
      life.stop.abort()
      const ending = setTimeout(() => streams.endAll(gatewayStopping()), finishMs)
      // The public listener first: streams still need replies from the internal one.
      await open?.stop(cutMs)
      await internal?.stop(internalCutMs)
      clearTimeout(ending)
      streams.stop()
      await Promise.all([notifying?.stop(), cancelling?.stop(), parts.retaining.stop()])
      parts.live.stop()
      await parts.limiter.stop()
      await models.stop()
      await Promise.all([callControls.stop(), parts.routing.stop(), parts.cache?.stop()])
      await Promise.all([sidecar.stop(), database.stop()])
      await telemetry.stop()
    },
  }
}

async function buildParts(environment: GatewaySettings) {
  const telemetry = await startServiceTelemetry('gateway', environment)
  const { logger } = telemetry
  const sidecar = createSidecar({ httpPort: environment.DAPR_HTTP_PORT, apiToken: environment.DAPR_API_TOKEN })
  const database = openDatabase({ urls: environment.DATABASE_URLS, logger })
  const live = createLiveSettings({ environment, store: createSettingsStore(database), logger })
  const { settings, overlay } = live
  const keyStore = createPostgresKeys(database)
  const knowledgeStore = createKnowledgeStore(database)
  const stores = createReadableStores(knowledgeStore)
  const dependencies = dependencyChecks({ database, sidecar })
  const life = { isPrepared: false, stop: new AbortController() }
  const own = ownChecks(life)
  const routing = createRoutingMemory({ store: createPostgresRouting(database), logger })
  const { callControls, cache, models } = composeModels({ settings, overlay, telemetry, database, sidecar, routing })
  const sessionParts = composeSessions({
    sidecar,
    database,
    onProblem: (cause) => logger.warn('the history of approvals was not looked at', { cause: errorMessage(cause) }),
  })
  const audit = createPostgresAudit(database)
  const { retention, worker, check } = composeRetention({ settings, database, ...sessionParts, audit, logger })
  const parts = {
    telemetry,
    database,
    life,
    own,
    live,
    settings: { live, environment, models },
    allowedHosts: allowedHosts(settings.WEFT_ALLOWED_HOSTS),
    checks: [...own, ...dependencies, check],
    ...composeKeys({ keyStore, life, logger }),
    keyStore,
    audit,
    retention,
    retaining: worker,
    ...composeLoad(settings, sidecar),
    agents: createPostgresAgents(database),
    places: createPostgresListPlaces(database),
    routing,
    budgets: callControls.budgets,
    usage: settledUsage(createPostgresUsage(database), callControls.ledger),
    callControls,
    cache,
    models,
    sidecar,
    plans: createPlanChecks(sidecar),
    ...sessionParts,
    turnCache: composeTurnCache({ cache, database, stores, ...sessionParts, models, ledger: callControls.ledger, logger }),
    ...composeResponses(database),
    webhooks: { webhooks: createPostgresWebhooks(database), privateHosts: new Set(settings.WEFT_OUTBOUND_PRIVATE_HOSTS) },
    pages: {
      key: pageKey(settings.APP_API_TOKEN),
      publicUrl: settings.WEFT_PUBLIC_URL,
      tokens: createPostgresPageTokens(database),
    },
    stores,
    knowledge: { store: knowledgeStore, onStoresChanged: stores.forget, ...ragCalls(sidecar) },
    embeddings: {
      steer: (call) =>
        sidecar.invoke('rag', '/embeddings', { body: call, schema: EmbeddingsState, signal: AbortSignal.timeout(30_000) }),
    },
    replyTopic: replyTopicOf(settings.WEFT_INSTANCE),
    findDown: createFindDown(dependencies),
  } satisfies PublicDeps & Record<string, unknown>
  telemetry.metrics.gauge('weft_streams_open', 'Answers being written', () => parts.streams.count())
  telemetry.metrics.gauge('weft_requests_waiting', 'Requests waiting for a place', () => parts.overload.counts().waiting)
  telemetry.metrics.gauge('weft_turns_followed', 'Turns whose replies are waited for', () => parts.hub.followerCount())
  return parts
}

function composeResponses(database: Database): Pick<PublicDeps, 'responses' | 'readPlaces'> {
  return { responses: createPostgresResponses(database), readPlaces: (request) => readPlaces(database, request) }
}

function composeKeys({
  keyStore,
  life,
  logger,
}: {
  keyStore: KeyStore
  life: { isPrepared: boolean }
  logger: Pick<Log, 'warn'>
}) {
  const keys = createKeyCheck({ find: (keyHash) => findOncePrepared(keyStore, life, keyHash) })
  const streams = createOpenStreams({
    findValid: (keyIds) => keyStore.findValid(keyIds),
    onInvalid: keys.forget,
    onProblem: (cause) => logger.warn('keys of open streams were not checked', { cause: errorMessage(cause) }),
  })
  return { keys, streams }
}

/** Before the first admin key is stored an unknown key may be just that one: come back, rather than never. */
async function findOncePrepared(keyStore: KeyStore, life: { isPrepared: boolean }, keyHash: string) {
  const found = await keyStore.find(keyHash)
  if (found === undefined && !life.isPrepared)
    throw new WeftError('dependency_unavailable', 'the gateway is starting: its keys are not there yet')
  return found
}

type Parts = Awaited<ReturnType<typeof buildParts>>

function internalApp({ telemetry, own, replyTopic, hub, agents }: Parts, settings: GatewaySettings) {
  const onProblem = (cause: unknown) => telemetry.logger.warn('a reply batch was dropped', { cause: errorMessage(cause) })
  return createInternalApp({
    telemetry,
    appToken: settings.APP_API_TOKEN,
    checks: own,
    routes(app) {
      mountReplies(app, { topic: replyTopic, hub, onProblem })
      app.post('/agents', joinedAgents(agents))
    },
  })
}

const notificationTimeoutMs = 10_000

function startNotifying({ database, webhooks, keyStore, sidecar, pages, telemetry }: Parts, settings: GatewaySettings) {
  const { WEFT_SMTP_URL: url, WEFT_MAIL_FROM: from } = settings
  const deps = {
    webhooks: webhooks.webhooks,
    keys: keyStore,
    sidecar,
    sendMail: url === undefined ? undefined : createMailSender({ url, from }),
    links: pages,
    base: `http://127.0.0.1:${settings.WEFT_PORT}`,
    outbound: { privateHosts: webhooks.privateHosts, timeoutMs: notificationTimeoutMs },
    nowMs: Date.now,
  }
  return startNotificationWorker({
    store: createPostgresNotifications(database),
    deliver: (notification) => deliverNotification(deps, notification),
    logger: telemetry.logger,
  })
}

function ownChecks(life: { isPrepared: boolean; stop: AbortController }): HealthCheck[] {
  return [
    { name: 'accepting', isRequired: true, check: async () => !life.stop.signal.aborted },
    { name: 'keys', isRequired: true, check: async () => life.isPrepared },
  ]
}
