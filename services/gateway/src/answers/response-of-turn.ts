import { type SessionView, type TurnView, WeftError } from '@weft/contracts'
import { type AnswerPiece, createResponseWriter, type ResponseObject, type ResponsesRequest, responseObject } from '@weft/models'
import { citationAnnotations } from '../core/citation-annotations.ts'
import { finishReasonOf, usedTokens, weftAnswer } from '../core/completion-objects.ts'
import { endInView } from '../core/end-in-view.ts'
import { type TurnPlace, turnResponseId } from '../core/response-id.ts'
import { type SearchMade, searchOfTurn } from '../core/search-made.ts'
import { approvalTool } from '../core/tool-answers.ts'
import { type PauseStyle, type SpokenEnd, speakEnd } from '../core/turn-end.ts'
import { unixSeconds } from '../core/unix-seconds.ts'
import type { TellResults } from './search-results.ts'

export interface TurnResponseOptions {
  linkOf: PauseStyle['linkOf']
  /** The request that the response answers, whose fields it repeats. Default: only what the turn tells of it. */
  wish?: ResponsesRequest | undefined
  tellResults: TellResults
}

/** The response for a turn as it stands now: queued, in progress, or with its answer. */
export async function responseOfTurn(
  { session, turn }: { session: SessionView; turn: TurnView },
  { linkOf, wish: asked, tellResults }: TurnResponseOptions,
): Promise<ResponseObject> {
  const { model, acceptedAt, isBackground, onPause, traceId = '' } = turn
  const place = { sessionId: session.id, turn: turn.turn, traceId }
  const wish = asked === undefined ? wishOf(place, turn) : withPrevious(asked, place)
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
    const search = searchOfTurn(turn)
    if (search !== undefined) writer.accept(await searchPiece(search, tellResults))
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

/** A turn's search as a piece of its response. */
export async function searchPiece({ queries, hasFailed, found }: SearchMade, tellResults: TellResults): Promise<AnswerPiece> {
  return { type: 'file_search', queries, hasFailed, results: await tellResults(found) }
}

/** The request of a turn as far as it is known without the client: its model, what was written on it, and the turn before. */
export function wishOf(place: TurnPlace, { model, metadata }: Pick<TurnView, 'model' | 'metadata'>): ResponsesRequest {
  return withPrevious({ model, input: '', metadata, previous_response_id: turnResponseId(place) }, place)
}

/**
 * Corrects `previous_response_id` of a decision: it names the very turn that it lets go on, and the response of that turn continues the turn before. Any other
 * request is returned as it is.
 */
export function withPrevious(wish: ResponsesRequest, { sessionId, turn }: TurnPlace): ResponsesRequest {
  if (wish.previous_response_id !== turnResponseId({ sessionId, turn })) return wish
  return { ...wish, previous_response_id: turn === 1 ? null : turnResponseId({ sessionId, turn: turn - 1 }) }
}

/** What a response says of its answer once that has ended. */
export function endingOf(place: { sessionId: string; turn: number; traceId: string }, end: SpokenEnd, text: string) {
  return { annotations: citationAnnotations(text, end.answer.citations), weft: weftAnswer(place, end) }
}

/** The end of a turn in pieces; `shown` is the text that went out before. */
export function piecesOfEnd(end: SpokenEnd, shown: string): AnswerPiece[] {
  // What was not streamed comes now: all of the text if nothing was.
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
