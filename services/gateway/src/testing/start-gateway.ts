import type { RequestListener } from 'node:http'
import { WeftError } from '@weft/contracts'
import { openDatabase } from '@weft/database'
import { listen, type RunningServer } from '@weft/mesh'
import type { BudgetStore } from '@weft/models'
import { createKnowledgeStore } from '@weft/retrieval'
import OpenAI from 'openai'
import { createApprovalTail } from '../approvals/approval-tail.ts'
import { hashApiKey, type KeyScope, newApiKey } from '../core/api-key.ts'
import { allowedHosts } from '../core/check-host.ts'
import { createOpenStreams, type OpenStreams } from '../http/open-streams.ts'
import { createKeyCheck } from '../keys/check-keys.ts'
import type { KeyStore } from '../keys/key-store.ts'
import { createPublicApp, type PublicDeps } from '../public-app.ts'
import { createPlanChecks } from '../sessions/plan-checks.ts'
import { createReplyHub, type ReplyHub } from '../sessions/reply-hub.ts'
import { createMemoryApprovals, createMemoryPageTokens, type MemoryApprovals } from './approvals.ts'
import type { AuditedStores } from '../audit/audit-log.ts'
import { createMemoryAgents } from './memory-agents.ts'
import { createMemoryAudit } from './memory-audit.ts'
import { createMemoryBudgets } from './memory-budgets.ts'
import { createMemoryKeys } from './memory-keys.ts'
import { createMemoryResponses } from './memory-responses.ts'
import { createMemorySettings } from './memory-settings.ts'
import { createMemoryWebhooks } from './memory-webhooks.ts'
import { createScriptedSession, type ScriptedSession } from './scripted-session.ts'
import { unlimited } from './unlimited.ts'

export interface TestGateway {
  url: string
  session: ScriptedSession
  approvals: MemoryApprovals
  hub: ReplyHub
  streams: OpenStreams
  /** What the log was told of failures that nobody foresaw. */
  unforeseen: unknown[]
  /** A new key; the default one has every scope. */
  makeKey(more?: { tenant?: string; name?: string; scopes?: KeyScope[]; roles?: string[]; expiresAt?: string }): Promise<string>
  client(key: string): OpenAI
  request(path: string, init?: RequestInit & { key?: string }): Promise<Response>
  stop(): Promise<void>
}

/** The public API on a free port, with everything behind it scripted; `remoteAddress`: requests seem to come from there. */
export async function startGateway(
  { auditedStores = {}, ...overrides }: Partial<PublicDeps> & { auditedStores?: Partial<AuditedStores> } = {},
  { remoteAddress }: { remoteAddress?: string } = {},
): Promise<TestGateway> {
  const { keyStore = createMemoryKeys(), sidecar = { invoke: nobody, fetchFrom: nobody } } = overrides
  const { settings, stores } = memoryParts()
  const unforeseen: unknown[] = []
  const hub = createReplyHub()
  const approvals = createMemoryApprovals()
  const session = createScriptedSession(hub)
  const { keys, streams } = checkKeys(keyStore)
  const unreachable = openDatabase({ urls: ['postgres://postgres@127.0.0.1:1/none'] })
  const deps: PublicDeps = {
    telemetry: { ...quietTelemetry, logger: { ...quietLogger, error: (_message, facts) => unforeseen.push(facts) } },
    allowedHosts: allowedHosts([]),
    checks: [],
    keys,
    keyStore,
    audit: createMemoryAudit({ ...stores, keys: keyStore, ...auditedStores }),
    ...unlimited,
    models: noModels,
    sidecar,
    plans: createPlanChecks(sidecar),
    agents: stores.agents,
    ...administrationOf(stores),
    embeddings: { steer: nobody },
    settings,
    webhooks: { webhooks: stores.webhooks, privateHosts: new Set() },
    sessions: session,
    log: emptyLog,
    ...nothingKept,
    ...memoryResponses(),
    approvals,
    approvalTail: createApprovalTail({ approvals, onProblem: () => undefined, pollMs: 5 }),
    pages: { key: 'the key of the pages', publicUrl: undefined, tokens: createMemoryPageTokens() },
    hub,
    streams,
    stores: { resolve: async (_tenant, ids) => ids ?? ['vs_1'], forget: () => undefined },
    knowledge: {
      store: createKnowledgeStore(unreachable),
      search: async () => ({ results: [], skipped: [] }),
      requestIngestion: async () => undefined,
      onStoresChanged: () => undefined,
    },
    replyTopic: 'gateway.0',
    findDown: async () => ['orchestrator'],
    ...overrides,
  }
  const server = await serve(createPublicApp(deps), remoteAddress)
  const url = `http://127.0.0.1:${server.port}`
  const makeKey = keyMaker(keyStore)
  const defaultKey = await makeKey()
  return {
    url,
    session,
    approvals,
    hub,
    streams,
    unforeseen,
    makeKey,
    client: (key) => new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 }),
    request: (path, { key = defaultKey, headers, ...init } = {}) =>
      fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${key}`, ...headers } }),
    async stop() {
      streams.stop()
      await server.stop(0)
      await unreachable.stop()
    },
  }
}

const nothingKept: Pick<PublicDeps, 'feedback' | 'refusedTurns'> = {
  feedback: { save: async () => undefined },
  refusedTurns: { note: async () => undefined, forget: async () => undefined, left: async () => [] },
}

function checkKeys(keyStore: PublicDeps['keyStore']) {
  const keys = createKeyCheck(keyStore)
  const { findValid } = keyStore
  return { keys, streams: createOpenStreams({ findValid, onInvalid: keys.forget, onProblem: () => undefined }) }
}

function memoryParts() {
  const { settings, changes } = createMemorySettings()
  const stores = {
    budgets: createMemoryBudgets(),
    agents: createMemoryAgents(),
    webhooks: createMemoryWebhooks(),
    settings: changes,
    knowledge: { deleteFile: async () => false, deleteVectorStore: async () => false },
  }
  return { settings, stores }
}

function serve(app: RequestListener, remoteAddress: string | undefined): Promise<RunningServer> {
  const cameFrom: RequestListener = (request, response) => {
    if (remoteAddress !== undefined) Object.defineProperty(request.socket, 'remoteAddress', { value: remoteAddress })
    app(request, response)
  }
  return listen(cameFrom, { port: 0 })
}

const unknownModel = async () => Promise.reject(new WeftError('model_not_found', 'no models here'))

const noModels: PublicDeps['models'] = {
  passThrough: unknownModel,
  list: async () => [],
  get: () => undefined,
  embed: unknownModel,
  check: unknownModel,
}

const nobody = async () => Promise.reject(new WeftError('dependency_unavailable', 'no mesh here'))

function keyMaker(keyStore: KeyStore): TestGateway['makeKey'] {
  return async (more = {}) => {
    const key = newApiKey()
    const { tenant = 'default', name = '', scopes = ['chat', 'approve', 'admin'], roles = [], expiresAt } = more
    await keyStore.insert({
      id: `key_${hashApiKey(key).slice(0, 8)}`,
      tenant,
      name,
      keyHash: hashApiKey(key),
      preview: '',
      scopes,
      roles,
      expiresAt,
    })
    return key
  }
}

const none = { count: 0, oldest: undefined }

const quietLogger = { info: () => undefined, warn: () => undefined }

const quietTelemetry: Omit<PublicDeps['telemetry'], 'logger'> = {
  metrics: { counter: () => ({ add: () => undefined }), histogram: () => ({ record: () => undefined }), gauge: () => undefined },
  metricsText: async () => '# nothing\n',
}

const administrationOf = ({ budgets: store }: { budgets: Pick<BudgetStore, 'list'> }) => ({
  budgets: { store, forget: () => undefined },
  usage: emptyUsage,
  retention: nothingOld,
  places: { behind: async () => undefined },
})

const nothingOld: PublicDeps['retention'] = {
  store: {
    due: async () => ({ sessions: none, calls: none, audit: none, approvals: none }),
    removedUntil: async () => ({}),
  },
  archive: { folder: undefined, problem: async () => 'no folder' },
  limitsOf: () => ({ sessions: undefined, calls: 400, audit: undefined }),
  sweep: async () => ({ removed: { sessions: 0, calls: 0, audit: 0, approvals: 0 }, isMoreDue: false, problem: undefined }),
}

const emptyUsage: PublicDeps['usage'] = {
  sum: async () => ({ lines: [], hasMore: false }),
  calls: async () => ({ data: [], hasMore: false }),
  find: async () => undefined,
  removedUntil: async () => undefined,
}

export const emptyLog: PublicDeps['log'] = {
  list: async () => ({ data: [], hasMore: false }),
  find: async () => undefined,
  isDeleted: async () => false,
  eventsAfter: async () => [],
  turnEnds: async () => [],
  eventsOfTurn: async () => [],
  asked: async () => [],
  tail: async () => ({ lastSeq: 0, openTurns: 0 }),
  messages: async () => ({ data: [], hasMore: false }),
}

function memoryResponses(): Pick<PublicDeps, 'responses' | 'readPlaces'> {
  return { responses: createMemoryResponses(), readPlaces: async ({ places }) => places.map(() => undefined) }
}
