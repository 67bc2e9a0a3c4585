import { type ChatMessage, messageText, type SubmitTurn, WeftError, weftVersion } from '@weft/contracts'
import { attachReplyTopic } from './attach-reply-topic.ts'
import { compactAfterMs } from './compact-session.ts'
import { sessionStatusBy } from './end-turn.ts'
import type { SessionDraft } from './session-draft.ts'
import type { SessionInput } from './session-input.ts'
import { sessionLimits } from './session-limits.ts'
import type { PastRequest, SessionState, TurnState } from './session-state.ts'

/**
 * Accepts a turn, or finds the one that an earlier request with the same idempotency key made. The reply is `needs_history` when the session has given up its
 * turns and the input does not say what was said in them. Refused: `conflict` for another request under the same key, `invalid_request` when the session is
 * not at `previousTurn`, `gone` when its parent asks a compacted session, `session_busy` and `dependency_unavailable` when too much waits.
 */
export function submitTurn(draft: SessionDraft, { request, history }: Extract<SessionInput, { type: 'submit' }>): void {
  if (answerRepeat(draft, request)) return
  const { lastTurn, turns } = draft.session
  requireNewest(lastTurn, request)
  const isCompacted = lastTurn > 0 && turns.length === 0
  if (isCompacted && request.parent !== undefined) {
    throw new WeftError('gone', `session ${request.sessionId} ended long ago, and keeps what it answered no more`)
  }
  if (isCompacted && history === undefined) {
    draft.reply = { kind: 'needs_history' }
    return
  }
  requireRoom(draft.session)
  acceptTurn(draft, request, history ?? saidIn(turns))
}

/** Answers a request that was sent before, also in a turn that is no longer kept; false when it was not. */
function answerRepeat(draft: SessionDraft, request: SubmitTurn): boolean {
  const { turns, pastRequests, lastSeq } = draft.session
  const repeated = findRepeated(turns, request.idempotencyKey)
  if (repeated !== undefined) {
    requireSame(repeated.request, request)
    attachRepeated(draft, repeated, request)
    return true
  }
  const past = pastRequests.find(({ idempotencyKey }) => idempotencyKey === request.idempotencyKey)
  if (past === undefined) return false
  requireSame(past, request)
  draft.reply = { kind: 'submitted', turn: past.turn, isRepeat: true, lastSeq }
  return true
}

function requireRoom({ turns, outbox }: SessionState): void {
  const waiting = turns.filter((turn) => turn.phase !== 'ended').length
  if (waiting > sessionLimits.turnsQueuedMax) {
    throw new WeftError(
      'session_busy',
      `the session already has ${waiting} unfinished turns: wait for them or cancel the session`,
    )
  }
  const unlogged = outbox.reduce((sum, batch) => sum + batch.events.length, 0)
  if (unlogged > sessionLimits.unloggedEventsMax) {
    throw new WeftError(
      'dependency_unavailable',
      `the session's event log is ${unlogged} events behind: the database does not take them`,
    )
  }
}

function acceptTurn(draft: SessionDraft, request: SubmitTurn, said: ChatMessage[]): void {
  const session = draft.editSession()
  const turn = session.lastTurn + 1
  session.lastTurn = turn
  session.user ??= request.user
  const activeBefore = draft.activeTurn()
  draft.addTurn(newTurn(draft, turn, { request, said }))
  const { model, requestId, options } = request
  draft.log('turn.accepted', turn, {
    model,
    requestId,
    messages: request.messages.slice(-sessionLimits.historyMessagesMax),
    ...(options.background === true ? { isBackground: true } : {}),
    ...(request.isStored === false ? { isStored: false } : {}),
    ...(request.showsSearch === true ? { showsSearch: true } : {}),
    ...(request.metadata === undefined ? {} : { metadata: request.metadata }),
    ...(request.parent === undefined ? {} : { parent: request.parent, rootSessionId: request.parent.rootSessionId }),
    ...sessionStatusBy(activeBefore),
  })
  const begun = { acceptedAtMs: draft.nowMs, request }
  draft.reply = { kind: 'submitted', turn, isRepeat: false, lastSeq: draft.session.lastSeq, begun }
  dropOldTurns(draft)
}

function requireNewest(lastTurn: number, { sessionId, previousTurn = lastTurn }: SubmitTurn): void {
  if (previousTurn === lastTurn) return
  const why = `session ${sessionId} has gone on to turn ${lastTurn}: fork it to go on from turn ${previousTurn}`
  const message = previousTurn < lastTurn ? why : `session ${sessionId} has no turn ${previousTurn}`
  throw new WeftError('invalid_request', message, { param: 'previous_response_id' })
}

function requireSame(first: Pick<SubmitTurn, 'requestHash'>, again: SubmitTurn): void {
  const isOther = first.requestHash !== undefined && again.requestHash !== undefined && first.requestHash !== again.requestHash
  if (isOther)
    throw new WeftError('conflict', 'this Idempotency-Key was used for another request: use a new one', {
      param: 'Idempotency-Key',
    })
}

function findRepeated(turns: TurnState[], idempotencyKey: string | undefined): TurnState | undefined {
  return idempotencyKey === undefined ? undefined : turns.find((turn) => turn.request.idempotencyKey === idempotencyKey)
}

function attachRepeated(draft: SessionDraft, repeated: TurnState, { replyTopic, replyDetail = 'text' }: SubmitTurn): void {
  const { lastSeq } = draft.session
  draft.reply = { kind: 'submitted', turn: repeated.turn, isRepeat: true, lastSeq, begun: repeated }
  if (repeated.phase === 'ended') {
    draft.command({ type: 'end', turn: repeated.turn })
    return
  }
  if (repeated.status === 'awaiting_approval') draft.command({ type: 'pause', turn: repeated.turn })
  if (replyTopic !== undefined) attachReplyTopic(draft, repeated, { replyTopic, replyDetail })
}

function newTurn(draft: SessionDraft, turn: number, { request, said }: { request: SubmitTurn; said: ChatMessage[] }): TurnState {
  return {
    turn,
    phase: 'queued',
    status: 'running',
    request: { ...request, messages: [...earlier(said, request.messages), ...request.messages] },
    acceptedAtMs: draft.nowMs,
    endedAtMs: undefined,
    replyTopics: request.replyTopic === undefined ? [] : [request.replyTopic],
    replyDetail: request.replyDetail ?? 'text',
    planAttempt: 0,
    planNotBeforeMs: 0,
    plan: undefined,
    planVersion: 0,
    policies: [],
    versions: { weft: weftVersion, agents: {} },
    steps: {},
    approvals: [],
    answer: undefined,
  }
}

/**
 * What was said before. A client that sends the conversation itself (its messages hold an answer) is taken at its word;
 * one that sends only the new message gets the session's memory, newest messages first within the bounds.
 */
function earlier(said: ChatMessage[], messages: ChatMessage[]): ChatMessage[] {
  if (messages.some((message) => message.role === 'assistant')) return []
  const kept: ChatMessage[] = []
  let chars = 0
  for (const message of said.toReversed()) {
    chars += messageText(message).length
    if (kept.length >= sessionLimits.historyMessagesMax || chars > sessionLimits.historyCharsMax) break
    kept.unshift(message)
  }
  return kept
}

function saidIn(turns: TurnState[]): ChatMessage[] {
  return turns.flatMap((turn) => (turn.answer === undefined ? [] : [...lastQuestion(turn), answerMessage(turn.answer.text)]))
}

function lastQuestion(turn: TurnState): ChatMessage[] {
  const question = turn.request.messages.findLast((message) => message.role === 'user')
  return question === undefined ? [] : [question]
}

function answerMessage(text: string): ChatMessage {
  return { role: 'assistant', content: text }
}

function dropOldTurns(draft: SessionDraft): void {
  const ended = draft.session.turns.filter((turn) => turn.phase === 'ended')
  const dropped = new Set(ended.slice(0, Math.max(0, ended.length - sessionLimits.turnsKept)))
  if (dropped.size === 0) return
  const session = draft.editSession()
  const since = draft.nowMs - compactAfterMs
  const known = session.pastRequests.filter(({ endedAtMs }) => endedAtMs > since)
  session.pastRequests = [...known, ...[...dropped].flatMap(pastRequest)].slice(-sessionLimits.pastRequestsMax)
  session.turns = draft.session.turns.filter((turn) => !dropped.has(turn))
}

/** What is remembered of a turn that is given up. A key that came without a hash of its request is not a client's: it only serves retries within moments. */
function pastRequest({ turn, request: { idempotencyKey, requestHash }, endedAtMs = 0 }: TurnState): PastRequest[] {
  return idempotencyKey === undefined || requestHash === undefined ? [] : [{ turn, idempotencyKey, requestHash, endedAtMs }]
}
