import { type ChatMessage, messageText, type SubmitTurn, WeftError, weftVersion } from '@weft/contracts'
import { attachReplyTopic } from './attach-reply-topic.ts'
import { compactAfterMs } from './compact-session.ts'
import { sessionStatusBy } from './end-turn.ts'
import type { SessionDraft } from './session-draft.ts'
import { sessionLimits } from './session-limits.ts'
import type { PastRequest, SessionInput, TurnState } from './session-state.ts'

/** Accepts a turn, or finds the one an earlier request with the same idempotency key made. */
export function submitTurn(draft: SessionDraft, { request, history }: Extract<SessionInput, { type: 'submit' }>): void {
  const repeated = findRepeated(draft.session.turns, request.idempotencyKey)
  if (repeated !== undefined) {
    requireSame(repeated.request, request)
    attachRepeated(draft, repeated, request)
    return
  }
  const { lastTurn, turns } = draft.session
  const past = draft.session.pastRequests.find(({ idempotencyKey }) => idempotencyKey === request.idempotencyKey)
  if (past !== undefined) {
    requireSame(past, request)
    draft.reply = { kind: 'submitted', turn: past.turn, isRepeat: true, lastSeq: draft.session.lastSeq }
    return
  }
  requireNewest(lastTurn, request)
  if (lastTurn > 0 && turns.length === 0 && request.parent !== undefined) {
    throw new WeftError('gone', `session ${request.sessionId} ended long ago, and keeps what it answered no more`)
  }
  if (lastTurn > 0 && turns.length === 0 && history === undefined) {
    draft.reply = { kind: 'needs_history' }
    return
  }
  const waiting = draft.session.turns.filter((turn) => turn.phase !== 'ended').length
  if (waiting > sessionLimits.turnsQueuedMax) {
    throw new WeftError(
      'session_busy',
      `the session already has ${waiting} unfinished turns: wait for them or cancel the session`,
    )
  }
  const unlogged = draft.session.outbox.reduce((sum, batch) => sum + batch.events.length, 0)
  if (unlogged > sessionLimits.unloggedEventsMax) {
    throw new WeftError(
      'dependency_unavailable',
      `the session's event log is ${unlogged} events behind: the database does not take them`,
    )
  }
  const turn = draft.session.lastTurn + 1
  const session = draft.editSession()
  session.lastTurn = turn
  session.user ??= request.user
  const before = draft.activeTurn()
  draft.addTurn(newTurn(draft, turn, { request, said: history ?? saidIn(turns) }))
  const { model, requestId, options } = request
  draft.log('turn.accepted', turn, {
    model,
    requestId,
    messages: request.messages.slice(-sessionLimits.historyMessagesMax),
    ...(options.background === true ? { isBackground: true } : {}),
    ...(request.isStored === false ? { isStored: false } : {}),
    ...(request.parent === undefined ? {} : { parent: request.parent, rootSessionId: request.parent.rootSessionId }),
    ...sessionStatusBy(before),
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

/** Only a client's own key comes with a hash of its request; any other is good for the retries of a moment. */
function pastRequest({ turn, request: { idempotencyKey, requestHash }, endedAtMs = 0 }: TurnState): PastRequest[] {
  return idempotencyKey === undefined || requestHash === undefined ? [] : [{ turn, idempotencyKey, requestHash, endedAtMs }]
}
