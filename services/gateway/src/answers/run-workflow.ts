import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ChatCompletionRequest, newId, type ReplyDetail, type TurnAccepted, type TurnView, WeftError } from '@weft/contracts'
import { currentTraceparent, genAi, runWithLogContext, withSessionId, withSpan } from '@weft/telemetry'
import type { PageLinks } from '../approvals/approval-links.ts'
import { type ChatDecision, type ChatDecisionDeps, findChatDecision } from '../approvals/decide-in-chat.ts'
import { linksForReader } from '../approvals/reader-links.ts'
import { progressOf } from '../core/assemble-turn.ts'
import type { TurnOutput } from '../core/turn-output.ts'
import { completionIdOf } from '../core/completion-id.ts'
import { refusesCache } from '../core/refuses-cache.ts'
import type { TurnPlace } from '../core/response-id.ts'
import { chooseSessionId, parseIdempotencyKey, parseSessionId } from '../core/session-id.ts'
import type { SearchTelling } from '../core/tell-search.ts'
import { unixSeconds } from '../core/unix-seconds.ts'
import { replyDetailOf } from '../core/workflow-request.ts'
import { headerOf, sendJson } from '../http/handler.ts'
import type { OpenAnswer } from '../http/open-streams.ts'
import { identityOf } from '../http/request-context.ts'
import { settleWithin } from '../settle-within.ts'
import { settleTokens } from '../limits/limited-routes.ts'
import type { Log } from '../log.ts'
import type { SessionRef, Sessions } from '../sessions/dapr-sessions.ts'
import { followTurn } from '../sessions/follow-turn.ts'
import type { ReplyHub, ReplyInbox } from '../sessions/reply-hub.ts'
import { withDroppedTurn } from '../sessions/restore-view.ts'
import type { SessionLog } from '../sessions/session-log.ts'
import { type SubmitDeps, submitTurn, type TurnRequest } from '../sessions/submit-turn.ts'
import type { AnswerOptions } from './answer-turn.ts'
import type { CachedTurn, TurnCache, TurnRef } from './turn-cache.ts'

export interface WorkflowDeps extends SubmitDeps, ChatDecisionDeps {
  sessions: Pick<Sessions, 'submit' | 'cancelRequest' | 'view' | 'cancel' | 'decide' | 'attach'>
  log: Pick<SessionLog, 'turnEnds' | 'eventsOfTurn'>
  hub: Pick<ReplyHub, 'follow'>
  logger: Pick<Log, 'info' | 'warn' | 'error'>
  pages: PageLinks
  /** Gives earlier answers again; without it every turn is worked on. */
  turnCache?: TurnCache | undefined
}

export interface WorkflowCall {
  chat: ChatCompletionRequest
  request: IncomingMessage
  response: ServerResponse
  open: OpenAnswer
  /** The turn that the request continues; default: the newest of the session that `X-Session-ID` names. */
  previous?: TurnPlace | undefined
  /** Whether the turn may be read as a response later. Default: yes. */
  isStored?: boolean
  /** What its client wrote on its response. */
  metadata?: Record<string, string> | undefined
  /** What of its search is told as a call, of a tool that the request has. Default: nothing. */
  tellsSearch?: SearchTelling
  /** Writes the answer in the shape that was asked for: a chat completion or a response, streamed or whole. */
  speak(options: AnswerOptions): Promise<void>
  /** Whether the caller does not wait for the answer, but comes back for it. Default: `weft.background`. */
  comesBack?: boolean
  /** Answers a caller that does not wait. Default: with 202 and the session. */
  acknowledge?(accepted: TurnAccepted): Promise<void>
}

/** Hands a request to its session, as a new turn or as a decision that the session waits for, and has the answer written. */
export async function runWorkflow(deps: WorkflowDeps, call: WorkflowCall): Promise<void> {
  const { request, response, chat } = call
  const identity = identityOf(response)
  const { tenant } = identity
  const comesBack = call.comesBack ?? chat.weft?.background === true
  const replyDetail = comesBack ? 'end' : replyDetailOf(chat)
  const idempotencyKey = parseIdempotencyKey(headerOf(request, 'idempotency-key'))
  const named = namedSession(call)
  const decision = await findChatDecision(deps, {
    identity,
    messages: chat.messages,
    sessionId: named === undefined ? undefined : parseSessionId(named),
    isRetry: idempotencyKey !== undefined || Number(headerOf(request, 'x-stainless-retry-count') ?? 0) > 0,
  })
  const session = decision?.session ?? { tenant, sessionId: chooseSessionId(tenant, { sessionId: named, idempotencyKey }) }
  const { sessionId } = session
  const requestId = newId('req')
  response.setHeader('x-session-id', sessionId)
  const inbox = deps.hub.follow(session)
  try {
    await inWorkflow({ sessionId, tenant, requestId, model: chat.model }, async () => {
      // From here on the reader may hang up: the session goes on with the turn, and its answer can be read later.
      const accepted =
        decision === undefined
          ? await acceptTurn(
              deps,
              {
                ...{ tenant, sessionId, keyId: identity.keyId, requestId, idempotencyKey, chat, replyDetail },
                previousTurn: call.previous?.turn,
                isStored: call.isStored ?? true,
                metadata: call.metadata,
                showsSearch: call.tellsSearch !== undefined,
              },
              await findCached(deps, call, named !== undefined),
            )
          : await acceptDecision(deps, decision, replyDetail)
      if (accepted.cached !== undefined) response.setHeader('x-weft-cache', accepted.cached.use)
      if (comesBack) await (call.acknowledge ?? acknowledgeSession(response))(accepted)
      else await answer(deps, { ...call, session, idempotencyKey, accepted, inbox })
    })
  } finally {
    inbox.close()
  }
}

interface WorkflowContext {
  sessionId: string
  tenant: string
  requestId: string
  /** `weft/<mode>`. */
  model: string
}

/** What is logged and traced on the way says to which session it belongs; the span lasts as long as the answer is waited for. */
function inWorkflow({ model, ...named }: WorkflowContext, act: () => Promise<void>): Promise<void> {
  const attributes = {
    [genAi.operationName]: 'invoke_workflow',
    [genAi.workflowName]: model,
    [genAi.conversationId]: named.sessionId,
    [genAi.openInferenceSpanKind]: 'CHAIN',
  }
  const inSpan = () => withSpan(`invoke_workflow ${model}`, { attributes }, act)
  return runWithLogContext(named, () => withSessionId(named.sessionId, inSpan))
}

/** The session that the request names, by a response or by `X-Session-ID`. Throws `invalid_request` when the two name different ones. */
function namedSession({ previous, request }: Pick<WorkflowCall, 'previous' | 'request'>): string | undefined {
  const header = headerOf(request, 'x-session-id')
  if (previous === undefined || header === undefined || header === previous.sessionId) return previous?.sessionId ?? header
  throw new WeftError(
    'invalid_request',
    `X-Session-ID names another session than previous_response_id, which is of ${previous.sessionId}: leave one of them out`,
    { param: 'X-Session-ID' },
  )
}

interface Accepted extends TurnAccepted {
  /** Ids of the approvals that the request decided. */
  decided: ReadonlySet<string>
  cached?: CachedTurn | undefined
  /** The client sent the request before, so that the turn is an earlier one. False for a decision, which always goes on with an earlier turn. */
  isAgain: boolean
}

async function findCached(
  { turnCache }: WorkflowDeps,
  { chat, request, response }: WorkflowCall,
  hasSession: boolean,
): Promise<CachedTurn | undefined> {
  const { tenant, keyId } = identityOf(response)
  const noStore = refusesCache(headerOf(request, 'cache-control'))
  return turnCache?.find({ tenant, keyId, chat, hasSession, noStore })
}

async function acceptTurn(deps: WorkflowDeps, turn: TurnRequest, found: CachedTurn | undefined): Promise<Accepted> {
  const accepted = await submitTurn(deps, { ...turn, seed: found?.use === 'hit' ? found.seed : undefined })
  const { isRepeat } = accepted
  // A turn that exists already has its own answer, whatever was found in the cache.
  const cached: CachedTurn | undefined = isRepeat && found !== undefined ? { use: 'bypass' } : found
  if (cached?.use === 'hit') cached.note({ tenant: turn.tenant, sessionId: turn.sessionId, turn: accepted.turn })
  deps.logger.info('turn accepted', { turn: accepted.turn, isRepeat, model: turn.chat.model, cache: cached?.use })
  return { ...accepted, decided: new Set(), cached, isAgain: isRepeat }
}

/** Takes a decision. The turn may go on and even end before anybody listens, so that it is followed like a repeated one (`isRepeat`). */
async function acceptDecision(
  deps: WorkflowDeps,
  { session, turn, decide }: ChatDecision,
  replyDetail: ReplyDetail,
): Promise<Accepted> {
  // Not needed for the answer: without replies the session is asked now and then.
  await deps.sessions.attach(session, deps.replyTopic, replyDetail).catch(() => undefined)
  const decided = await decide()
  deps.logger.info('decision accepted', { turn })
  return { sessionId: session.sessionId, turn, isRepeat: true, decided, isAgain: false }
}

function acknowledgeSession(response: ServerResponse): NonNullable<WorkflowCall['acknowledge']> {
  return async ({ sessionId, turn }) => sendJson(response, 202, { id: sessionId, object: 'session', turn, status: 'running' })
}

interface AcceptedCall extends WorkflowCall {
  session: SessionRef
  idempotencyKey: string | undefined
  accepted: Accepted
  inbox: ReplyInbox
}

async function answer(deps: WorkflowDeps, call: AcceptedCall): Promise<void> {
  const { chat, session, accepted, open, response } = call
  const { turn, isRepeat, decided, cached, isAgain } = accepted
  const isStreamed = chat.stream === true
  const showsProgress = chat.weft?.progress !== false
  const { acceptedAt, traceId } = await beginningOf(deps, session, accepted)
  const ref = { ...session, turn }
  const followed = followTurn({
    session,
    turn,
    isRepeat,
    isStreamed,
    decided,
    inbox: call.inbox,
    // An earlier turn may be one that its session no longer keeps.
    sessions: isRepeat ? withDroppedTurn(deps, turn) : deps.sessions,
    isPauseEnd: chat.weft?.approval !== 'wait',
    tellsSearch: call.tellsSearch ?? 'nothing',
    signal: open.signal,
  })
  const options = {
    response,
    open,
    logger: deps.logger,
    identity: {
      id: completionIdOf(session.sessionId, turn, call.idempotencyKey),
      model: chat.model,
      created: unixSeconds(acceptedAt ?? new Date()),
      includesUsage: chat.stream_options?.include_usage === true,
    },
    place: { sessionId: session.sessionId, turn, traceId: traceId ?? currentTraceparent()?.split('-')[1] ?? '' },
    showsProgress,
    pauses: { isToolCall: chat.weft?.approval === 'tool_call', linkOf: linksForReader(deps.pages, call) },
    outputs: keepingEnd(ref, cached, isAgain && !isStreamed && showsProgress ? tellingAgain(deps, ref, followed) : followed),
  }
  try {
    await call.speak(options)
  } finally {
    // Counts only if the turn was not followed to its end: what it uses is not known here then, and what was estimated counts.
    settleTokens(response, undefined)
    if (open.hasReaderLeft() && chat.weft?.cancelOnDisconnect === true) await cancelQuietly(deps, session, turn)
  }
}

/** When a turn was accepted, and in which trace. A repeated request is told the same, so that its answer is the same. */
async function beginningOf(
  deps: WorkflowDeps,
  session: SessionRef,
  accepted: Accepted,
): Promise<Pick<TurnView, 'traceId'> & { acceptedAt?: string | undefined }> {
  if (accepted.acceptedAt !== undefined || !accepted.isRepeat) return accepted
  const view = await withDroppedTurn(deps, accepted.turn)
    .view(session)
    .catch(() => undefined)
  return view?.turns.find(({ turn }) => turn === accepted.turn) ?? {}
}

const logLimit = { ms: 3_000, what: 'the database' }

/** For a whole answer that is asked for again: reads its progress from the log, because most of it was told before anybody listened this time. */
async function* tellingAgain(
  { log, logger }: WorkflowDeps,
  { turn, ...session }: TurnRef,
  outputs: AsyncIterable<TurnOutput>,
): AsyncGenerator<TurnOutput, void> {
  for await (const output of outputs) {
    if (output.type === 'progress') continue
    if (output.type === 'end') {
      const events = await settleWithin(log.eventsOfTurn(session, turn), logLimit).catch((cause: unknown) => {
        logger.warn('an answer was given again without its progress', { turn, cause: String(cause) })
        return []
      })
      yield* progressOf(events)
    }
    yield output
  }
}

/** Passes outputs on, and has the answer of a completed turn kept in the cache. */
async function* keepingEnd(
  ref: TurnRef,
  cached: CachedTurn | undefined,
  outputs: AsyncIterable<TurnOutput>,
): AsyncGenerator<TurnOutput, void> {
  for await (const output of outputs) {
    if (output.type === 'end' && output.end.status === 'completed' && cached?.use === 'miss') cached.keep(ref)
    yield output
  }
}

/** A failure is only logged, because the reader that could be told has left. */
async function cancelQuietly(deps: WorkflowDeps, session: SessionRef, turn: number): Promise<void> {
  try {
    await deps.sessions.cancel(session, turn)
  } catch (cause) {
    deps.logger.warn('a turn whose reader left was not cancelled', {
      turn,
      cause: cause instanceof WeftError ? cause.message : String(cause),
    })
  }
}
