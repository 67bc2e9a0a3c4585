import { weftVersion } from '@weft/contracts'
import { migrateUp, openDatabase } from '@weft/database'
import {
  createInternalApp,
  createSidecar,
  type HealthCheck,
  listen,
  type RunningServer,
  type Service,
  type Sidecar,
} from '@weft/mesh'
import { createModels } from '@weft/models'
import { createKnowledgeStore, SearchAnswer } from '@weft/retrieval'
import { startTelemetry } from '@weft/telemetry'
import { z } from 'zod'
import { createKeyCheck } from './check-keys.ts'
import { allowedHosts } from './core/check-host.ts'
import { gatewayStopping } from './core/turn-end.ts'
import { mountReplies, replyTopicOf } from './dapr-replies.ts'
import { createSessions } from './dapr-sessions.ts'
import { dependencyChecks, findDown } from './dependency-checks.ts'
import { readAdminKey, storeAdminKey } from './first-admin-key.ts'
import { createOpenStreams } from './open-streams.ts'
import { createPostgresKeys } from './postgres-keys.ts'
import { createPostgresSessionLog } from './postgres-sessions.ts'
import { createPublicApp, type PublicDeps } from './public-app.ts'
import { createReadableStores } from './readable-stores.ts'
import { createReplyHub } from './reply-hub.ts'
import type { GatewaySettings } from './settings.ts'

/** Streams get this long to finish by themselves when the gateway stops, then they are ended with an event that says so. */
const finishMs = 4_000
const cutMs = 5_000
const internalCutMs = 500

/** The only place that builds the gateway's parts. */
export async function composeGateway(settings: GatewaySettings): Promise<Service> {
  const telemetry = await startTelemetry({
    serviceName: 'gateway',
    serviceVersion: weftVersion,
    instanceId: settings.WEFT_INSTANCE,
    logLevel: settings.WEFT_LOG_LEVEL,
    otlpEndpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
  })
  const { logger, metrics } = telemetry
  const sidecar = createSidecar({ httpPort: settings.DAPR_HTTP_PORT, apiToken: settings.DAPR_API_TOKEN })
  const database = openDatabase({ urls: settings.DATABASE_URLS, logger })
  const models = createModels({ settings, telemetry })
  const keyStore = createPostgresKeys(database)
  const adminKey = await readAdminKey({ key: settings.WEFT_API_KEY, file: settings.WEFT_ADMIN_KEY_FILE })
  const streams = createOpenStreams({
    findValid: (keyIds) => keyStore.findValid(keyIds),
    onProblem: (cause) => logger.warn('keys of open streams were not checked', { cause: messageOf(cause) }),
  })
  const hub = createReplyHub()
  const knowledgeStore = createKnowledgeStore(database)
  const stores = createReadableStores(knowledgeStore)
  const replyTopic = replyTopicOf(settings.WEFT_INSTANCE)
  const life = { isBooted: false, isStopping: false, stop: new AbortController() }
  const dependencies = dependencyChecks({ database, sidecar })
  const own: HealthCheck[] = [
    { name: 'accepting', isRequired: true, check: async () => !life.isStopping },
    { name: 'keys', isRequired: true, check: async () => life.isBooted },
  ]
  metrics.gauge('weft_streams_open', 'Answers being written', () => streams.count())
  metrics.gauge('weft_turns_followed', 'Turns whose replies are waited for', () => hub.followerCount())

  const publicDeps: PublicDeps = {
    telemetry,
    allowedHosts: allowedHosts(settings.WEFT_ALLOWED_HOSTS),
    checks: [...own, ...dependencies],
    keys: createKeyCheck(keyStore),
    keyStore,
    models,
    sidecar,
    sessions: createSessions(sidecar),
    log: createPostgresSessionLog(database),
    hub,
    streams,
    stores,
    knowledge: { store: knowledgeStore, onStoresChanged: stores.forget, ...ragCalls(sidecar) },
    replyTopic,
    findDown: () => findDown(dependencies),
  }
  const servers: RunningServer[] = []

  return {
    async start() {
      const internal = createInternalApp({
        telemetry,
        appToken: settings.APP_API_TOKEN,
        checks: own,
        routes: (app) =>
          mountReplies(app, {
            topic: replyTopic,
            hub,
            onProblem: (cause) => logger.warn('a reply batch was dropped', { cause: messageOf(cause) }),
          }),
      })
      servers.push(await listen(internal, { port: settings.WEFT_APP_PORT }))
      servers.unshift(await listen(createPublicApp(publicDeps), { port: settings.WEFT_PORT, host: settings.WEFT_HOST }))
      boot().catch((cause: unknown) => logger.error('boot work failed', { cause: messageOf(cause) }))
      logger.info('gateway is listening', { port: servers[0]?.port })
    },
    async stop() {
      life.isStopping = true
      life.stop.abort()
      const ending = setTimeout(() => streams.endAll(gatewayStopping()), finishMs)
      // The public listener first: streams still need replies from the internal one.
      const [open, internal] = servers
      await open?.stop(cutMs)
      await internal?.stop(internalCutMs)
      clearTimeout(ending)
      streams.stop()
      await Promise.all([sidecar.stop(), models.stop(), database.stop()])
      await telemetry.stop()
    },
  }

  /** Tables and the first key, as soon as there is a database. */
  async function boot(): Promise<void> {
    while (!life.stop.signal.aborted) {
      try {
        await migrateUp(database)
        break
      } catch (cause) {
        logger.debug('the tables wait for the database', { cause: messageOf(cause) })
        await new Promise((resolve) => setTimeout(resolve, 250))
      }
    }
    if (adminKey !== undefined) await storeAdminKey({ store: keyStore, adminKey, logger, signal: life.stop.signal })
    life.isBooted = true
  }
}

function ragCalls(sidecar: Sidecar): Pick<PublicDeps['knowledge'], 'search' | 'requestIngestion'> {
  return {
    search: (call) => sidecar.invoke('rag', '/search', { body: call, schema: SearchAnswer, signal: AbortSignal.timeout(30_000) }),
    async requestIngestion(job) {
      await sidecar.invoke('rag', '/ingest', { body: job, schema: z.unknown(), signal: AbortSignal.timeout(5_000) })
    },
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
