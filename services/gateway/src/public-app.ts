import type { RequestListener } from 'node:http'
import { type FairPlaces, type HealthCheck, healthRoutes, type Sidecar } from '@weft/mesh'
import type { Models } from '@weft/models'
import { serverSpans, type Telemetry } from '@weft/telemetry'
import express, { type ErrorRequestHandler, type Express } from 'express'
import type { AgentStore } from './agents/agent-store.ts'
import type { AttemptCounts } from './answers/count-attempts.ts'
import type { ResponseStore } from './answers/response-store.ts'
import type { SearchResultsDeps } from './answers/search-results.ts'
import type { TurnCache } from './answers/turn-cache.ts'
import type { ApprovalLog } from './approvals/approval-log.ts'
import type { ApprovalTail } from './approvals/approval-tail.ts'
import type { AuditLog } from './audit/audit-log.ts'
import { answerError, answerUnknownRoute } from './http/answer-errors.ts'
import { countRequests } from './http/count-requests.ts'
import { guardCoding, guardedHealth, guardHealth, guardHosts } from './http/guard-listener.ts'
import type { Handler } from './http/handler.ts'
import type { ListPlaces } from './http/list-places.ts'
import type { OpenStreams } from './http/open-streams.ts'
import { readJsonBody } from './http/read-json-body.ts'
import { nameRequests, requireKey, requireScopeOf, tenantOf } from './http/request-context.ts'
import type { KeyCheck } from './keys/check-keys.ts'
import type { KeyStore } from './keys/key-store.ts'
import type { CallLimiter } from './limits/limit-calls.ts'
import type { Log } from './log.ts'
import { createMethodsAt } from './openapi/methods-at.ts'
import { openApiDocument } from './openapi/openapi.ts'
import { operations } from './openapi/openapi-operations.ts'
import type { ReadableStores } from './readable-stores.ts'
import { listAgents } from './routes/agents/list-agents.ts'
import { registerAgent } from './routes/agents/register-agent.ts'
import { removeAgent } from './routes/agents/remove-agent.ts'
import { mountApprovalPages, type PageDeps } from './routes/approvals/approval-pages.ts'
import { mountApprovalRoutes } from './routes/approvals/mount.ts'
import { createPlan, optimizePlan, validatePlan } from './routes/ask-planner.ts'
import { mountAudit } from './routes/audit/mount.ts'
import type { BudgetDeps } from './routes/budgets/budget-deps.ts'
import { mountBudgets } from './routes/budgets/mount.ts'
import { cancelResponse } from './routes/cancel-response.ts'
import { cancelSession } from './routes/cancel-session.ts'
import { checkModels } from './routes/check-models.ts'
import { createKey } from './routes/create-key.ts'
import { deleteKey } from './routes/delete-key.ts'
import { deleteResponse } from './routes/delete-response.ts'
import { deleteSession } from './routes/delete-session.ts'
import { type EmbeddingsDeps, mountRebuildEmbeddings } from './routes/embeddings/rebuild-embeddings.ts'
import { exportSession } from './routes/export-session.ts'
import { forkSession } from './routes/fork-session.ts'
import { getModel } from './routes/get-model.ts'
import { getResponse } from './routes/get-response.ts'
import { getSession } from './routes/get-session.ts'
import { getSessionGraph } from './routes/get-session-graph.ts'
import { giveFeedback } from './routes/give-feedback.ts'
import type { KnowledgeDeps } from './routes/knowledge/knowledge-deps.ts'
import { mountKnowledgeRoutes } from './routes/knowledge/mount.ts'
import { listInputItems } from './routes/list-input-items.ts'
import { listKeys } from './routes/list-keys.ts'
import { listModels } from './routes/list-models.ts'
import { listSessionMessages } from './routes/list-session-messages.ts'
import { listSessions } from './routes/list-sessions.ts'
import { pauseSession } from './routes/pause-session.ts'
import { resumeSession } from './routes/resume-session.ts'
import { mountRetention } from './routes/retention/mount.ts'
import type { RetentionDeps } from './routes/retention/retention-deps.ts'
import { mountSettings } from './routes/settings/mount.ts'
import type { SettingsDeps } from './routes/settings/settings-deps.ts'
import { streamSessionEvents } from './routes/stream-session-events.ts'
import { mountUsage } from './routes/usage/mount.ts'
import { mountWebhooks } from './routes/webhooks/mount.ts'
import type { WebhookDeps } from './routes/webhooks/webhook-deps.ts'
import { createModelCalls } from './serve-model-calls.ts'
import type { Sessions } from './sessions/dapr-sessions.ts'
import type { FeedbackStore } from './sessions/feedback-store.ts'
import type { RefusedTurns } from './sessions/refused-turns.ts'
import type { PlanChecks } from './sessions/plan-checks.ts'
import type { ReplyHub } from './sessions/reply-hub.ts'
import type { SessionLog } from './sessions/session-log.ts'
import type { UsageStore } from './usage/usage-store.ts'

export interface PublicDeps {
  telemetry: Pick<Telemetry, 'metrics' | 'metricsText'> & { logger: Log }
  allowedHosts: ReadonlySet<string>
  checks: HealthCheck[]
  keys: KeyCheck
  keyStore: KeyStore
  audit: AuditLog
  attempts: AttemptCounts
  limiter: Pick<CallLimiter, 'admit' | 'headers'>
  overload: Pick<FairPlaces, 'enter'>
  submissions: Pick<FairPlaces, 'enter'>
  /** Why nothing more may be taken on, such as short memory. */
  pressure(): string | undefined
  agents: AgentStore
  webhooks: Omit<WebhookDeps, 'audit' | 'places'>
  places: ListPlaces
  models: Pick<Models, 'passThrough' | 'list' | 'get' | 'check' | 'embed'>
  budgets: Omit<BudgetDeps, 'audit' | 'places'>
  usage: UsageStore
  settings: Omit<SettingsDeps, 'audit'>
  retention: RetentionDeps
  sidecar: Pick<Sidecar, 'invoke' | 'fetchFrom'>
  plans: PlanChecks
  sessions: Sessions
  turnCache?: TurnCache | undefined
  log: SessionLog
  feedback: FeedbackStore
  refusedTurns: RefusedTurns
  responses: ResponseStore
  readPlaces: SearchResultsDeps['readPlaces']
  approvals: ApprovalLog
  approvalTail: ApprovalTail
  pages: PageDeps['pages']
  hub: Pick<ReplyHub, 'follow' | 'deliver'>
  streams: Pick<OpenStreams, 'open' | 'revoke'>
  stores: ReadableStores
  knowledge: Omit<KnowledgeDeps, 'tenantOf' | 'audit'>
  embeddings: Omit<EmbeddingsDeps, 'audit'>
  replyTopic: string
  findDown(): Promise<string[]>
  /** How long a submit waits for what restarts. Default 8 s. */
  patienceMs?: number
}

/** The public API: everything a client can reach. Model calls are served at once, everything else by Express, behind the same handlers. */
export function createPublicApp(deps: PublicDeps): RequestListener {
  const name = [nameRequests(), guardHosts(deps.allowedHosts), guardCoding]
  const observe = [serverSpans({ trustBaggage: false }), countRequests(deps.telemetry.metrics)]
  const needsKey = requireKey(deps.keys)
  const body = readJsonBody()
  const { logger } = deps.telemetry
  const modelCall = createModelCalls({ ...deps, logger }, { entry: [...name, ...observe, needsKey], body })
  const app = createApp(deps, { name, observe, needsKey, body })
  return (request, response) => {
    const serve = modelCall(request) ?? app
    serve(request, response)
  }
}

interface AppHandlers {
  name: Handler[]
  observe: Handler[]
  needsKey: Handler
  body: Handler[]
}

/** Order matters: name, guard, health, key, body, routes. */
function createApp(deps: PublicDeps, { name, observe, needsKey, body }: AppHandlers): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.use(name)
  app.use(guardedHealth, guardHealth(needsKey))
  app.use(healthRoutes(deps.checks, deps.telemetry))
  app.use(observe)
  mountApprovalPages(app, deps)
  app.use(needsKey)
  app.use(body)
  mountAdministration(app, deps)
  app.use('/approvals', requireScopeOf('approve'))
  mountApprovalRoutes(app, { ...deps, logger: deps.telemetry.logger })
  app.use(requireScopeOf('chat'))
  mountChat(app, deps)
  mountSessions(app, deps)
  mountKnowledgeRoutes(app, { ...deps.knowledge, audit: deps.audit, tenantOf })
  app.use(answerUnknownRoute(createMethodsAt(operations)))
  const fail = answerError(deps.telemetry.logger)
  // biome-ignore lint/complexity/useMaxParams: express knows error handlers by their four parameters
  const answerErrors: ErrorRequestHandler = (thrown, _request, response, _next) => fail(thrown, response)
  app.use(answerErrors)
  return app
}

function mountAdministration(app: Express, deps: PublicDeps): void {
  const isAdmin = requireScopeOf('admin')
  const document = openApiDocument()
  app.get('/openapi.json', (_request, response) => {
    response.json(document)
  })
  app.get('/v1/keys', isAdmin, listKeys(deps.keyStore))
  app.post('/v1/keys', isAdmin, createKey(deps.audit))
  app.delete('/v1/keys/:id', isAdmin, deleteKey(deps))
  mountAudit(app, deps.audit, isAdmin)
  mountWebhooks(app, { ...deps.webhooks, audit: deps.audit, places: deps.places }, isAdmin)
  mountRebuildEmbeddings(app, { ...deps.embeddings, audit: deps.audit }, isAdmin)
  mountBudgets(app, { ...deps.budgets, audit: deps.audit, places: deps.places }, isAdmin)
  mountUsage(app, deps.usage, isAdmin)
  mountSettings(app, { ...deps.settings, audit: deps.audit }, isAdmin)
  mountRetention(app, deps.retention, isAdmin)
  app.get('/v1/agents', isAdmin, listAgents(deps))
  app.post('/v1/agents', isAdmin, registerAgent(deps))
  app.post('/v1/models/check', isAdmin, checkModels(deps.models))
  app.delete('/v1/agents/:id', isAdmin, removeAgent(deps.audit))
}

function mountChat(app: Express, deps: PublicDeps): void {
  const { sidecar, stores, models } = deps
  app.get('/v1/responses/:id', getResponse(deps))
  app.get('/v1/responses/:id/input_items', listInputItems(deps))
  app.post('/v1/responses/:id/cancel', cancelResponse(deps))
  app.delete('/v1/responses/:id', deleteResponse(deps))
  app.get('/v1/models', listModels(models))
  app.get('/v1/models/*id', getModel(models))
  app.post('/v1/plan', createPlan({ sidecar, stores }))
  app.post('/v1/plan/validate', validatePlan({ sidecar, stores }))
  app.post('/v1/plan/optimize', optimizePlan({ sidecar, stores }))
}

function mountSessions(app: Express, deps: PublicDeps): void {
  app.get('/v1/sessions', listSessions(deps.log))
  app.get('/v1/sessions/:sessionId', getSession(deps))
  app.get('/v1/sessions/:sessionId/events', streamSessionEvents({ ...deps, logger: deps.telemetry.logger }))
  app.get('/v1/sessions/:sessionId/messages', listSessionMessages(deps))
  app.get('/v1/sessions/:sessionId/export', exportSession(deps))
  app.get('/v1/sessions/:sessionId/graph', getSessionGraph(deps))
  app.post('/v1/sessions/:sessionId/cancel', cancelSession(deps.sessions))
  app.post('/v1/sessions/:sessionId/fork', forkSession({ ...deps, logger: deps.telemetry.logger }))
  app.post('/v1/sessions/:sessionId/feedback', giveFeedback(deps))
  app.post('/v1/sessions/:sessionId/pause', pauseSession(deps.sessions))
  app.post('/v1/sessions/:sessionId/resume', resumeSession(deps.sessions))
  app.delete('/v1/sessions/:sessionId', deleteSession(deps))
}
