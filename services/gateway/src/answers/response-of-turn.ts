import { type SessionView, type TurnView, WeftError } from '@weft/contracts'
import { type AnswerPiece, createResponseWriter, type ResponseObject, type ResponsesRequest, responseObject } from '@weft/models'
import { citationAnnotations } from '../core/citation-annotations.ts'
import { finishReasonOf, usedTokens, weftAnswer } from '../core/completion-objects.ts'
import { endInView } from '../core/end-in-view.ts'
import { type TurnPlace, turnResponseId } from '../core/response-id.ts'
import { approvalTool } from '../core/tool-answers.ts'
import { type PauseStyle, type SpokenEnd, speakEnd } from '../core/turn-end.ts'
import { unixSeconds } from '../core/unix-seconds.ts'

export interface TurnResponseOptions {
  linkOf: PauseStyle['linkOf']
  /** The request it answers, which is said again. Default: it is not told. */
  wish?: ResponsesRequest | undefined
}

/** A turn of a session as the response that it is, as far as it is. */
export function responseOfTurn(
  { session, turn }: { session: SessionView; turn: TurnView },
  { linkOf, wish: asked }: TurnResponseOptions,
): ResponseObject {
  const { model, acceptedAt, isBackground, onPause, traceId = '' } = turn
  const place = { sessionId: session.id, turn: turn.turn, traceId }
  const wish = asked === undefined ? wishOf(place, model) : withPrevious(asked, place)
  const createdAt = unixSeconds(acceptedAt)
  const identity = { id: turnResponseId(place), model, createdAt, isStored: true, isBackground }
  const end = endInView(session, turn)
  if (end === undefined || (end.status === 'awaiting_approval' && onPause === 'wait')) {
    const status = turn.plan === undefined ? 'queued' : 'in_progress'
    return responseObject(wish, identity, { status, output: [] })
  }
  try {
    const spoken = speakEnd(session.id, end, { isToolCall: onPause === 'tool_call', linkOf })
    const writer = createResponseWriter(wish, identity)
    let text = ''
    for (const piece of piecesOfEnd(spoken, '')) {
      if (piece.type === 'text') text += piece.delta
      writer.accept(piece)
    }
    const { response } = writer.finish(endingOf(place, spoken, text))
    return end.status === 'cancelled' ? { ...response, status: 'cancelled' } : response
  } catch (thrown) {
    if (!(thrown instanceof WeftError)) throw thrown
    const { code, message } = thrown
    return responseObject(wish, identity, { status: 'failed', output: [], error: { code, message } })
  }
}

/** What is known of the request of a turn. */
export function wishOf(place: TurnPlace, model: string): ResponsesRequest {
  return withPrevious({ model, input: '', previous_response_id: turnResponseId(place) }, place)
}

/** A decision is taken in answer to the turn it lets go on: what that one goes on from is the turn before it. */
export function withPrevious(wish: ResponsesRequest, { sessionId, turn }: TurnPlace): ResponsesRequest {
  if (wish.previous_response_id !== turnResponseId({ sessionId, turn })) return wish
  return { ...wish, previous_response_id: turn === 1 ? null : turnResponseId({ sessionId, turn: turn - 1 }) }
}

/** What a response says of its answer once that has ended. */
export function endingOf(place: { sessionId: string; turn: number; traceId: string }, end: SpokenEnd, text: string) {
  return { annotations: citationAnnotations(text, end.answer.citations), weft: weftAnswer(place, end) }
}

/** The end of a turn in pieces, `shown` being what of its text went out before. */
export function piecesOfEnd(end: SpokenEnd, shown: string): AnswerPiece[] {
  // Without a stream the text comes with the end alone.
  const rest = end.answer.text.startsWith(shown) ? end.answer.text.slice(shown.length) : ''
  const before = shown + rest
  const notice = end.notice === '' || before === '' ? end.notice : `\n\n${end.notice}`
  const calls = end.isToolCall ? end.approvals : []
  return [
    ...(rest + notice === '' ? [] : [{ type: 'text' as const, delta: rest + notice }]),
    ...calls.map((approval, index) => {
      const argumentsDelta = JSON.stringify(approval)
      return { type: 'tool_call' as const, index, id: approval.id, name: approvalTool, argumentsDelta }
    }),
    { type: 'finish', reason: finishReasonOf(end) },
    { type: 'tokens', ...usedTokens(end.answer.usage) },
  ]
}
