import type { FinishReason, TokenCounts } from '../model-event.ts'
import type { AnswerPiece } from './answer-piece.ts'
import type { EventFacts } from './event-facts.ts'
import { createOutputItems } from './output-items.ts'
import { type ResponseIdentity, type ResponseObject, type ResponseState, responseObject } from './response-object.ts'
import type { ResponsesRequest } from './responses-request.ts'

/**
 * An event of a response's stream. `sequence_number` counts from 0 without a gap. In a response in the background, a piece of text counts as many numbers as it has
 * UTF-16 units: the numbers do not depend on how the text was cut, so that the stream can be sent again from any of them.
 */
export type ResponseEvent = EventFacts & { sequence_number: number }

export interface ResponseWriter {
  /** The events with which a stream begins. */
  start(): ResponseEvent[]
  accept(piece: AnswerPiece): ResponseEvent[]
  /** Ends the response as its finish reason says; `annotations` are those of its text. */
  finish(more?: { annotations?: object[]; weft?: object }): { events: ResponseEvent[]; response: ResponseObject }
  /** Ends the stream of a response that failed. `isStored`: whether it can be retrieved later all the same. */
  fail(error: { code: string; message: string; param: string | null }, isStored: boolean): ResponseEvent[]
}

/** Writes an answer, piece by piece, as a response: its output items, and the events that tell them in order. */
export function createResponseWriter(request: ResponsesRequest, identity: ResponseIdentity): ResponseWriter {
  const items = createOutputItems(identity.id)
  let last = -1
  let reason: FinishReason = 'stop'
  let usage: TokenCounts | undefined
  const number = (events: EventFacts[]): ResponseEvent[] =>
    events.map((event) => {
      last += identity.isBackground === true ? unitsOf(event) : 1
      return { ...event, sequence_number: last }
    })
  const responseIn = (state: Omit<ResponseState, 'output'>) =>
    responseObject(request, identity, { ...state, output: items.output() })
  return {
    start() {
      const response = responseIn({ status: 'in_progress' })
      return number([
        { type: 'response.created', response },
        { type: 'response.in_progress', response },
      ])
    },
    accept(piece) {
      if (piece.type === 'finish') reason = piece.reason
      if (piece.type === 'tokens') {
        const { type: _, ...tokens } = piece
        usage = tokens
      }
      return number(items.accept(piece))
    },
    finish({ annotations = [], weft } = {}) {
      const incompleteReason = incompleteReasonOf(reason)
      const status = incompleteReason === undefined ? 'completed' : 'incomplete'
      const closing = items.close({ status, annotations })
      const response = responseIn({ status, usage, incompleteReason, weft })
      return { events: number([...closing, { type: `response.${status}`, response }]), response }
    },
    fail(error, isStored) {
      const output = items
        .output()
        .map((item) => (item.status === 'in_progress' ? { ...item, status: 'incomplete' as const } : item))
      const { code, message } = error
      const failed = { status: 'failed' as const, usage, error: { code, message }, output }
      const response = responseObject(request, { ...identity, isStored }, failed)
      return number([
        { type: 'error', ...error },
        { type: 'response.failed', response },
      ])
    },
  }
}

function unitsOf({ type, delta }: EventFacts): number {
  return type === 'response.output_text.delta' && typeof delta === 'string' ? delta.length : 1
}

function incompleteReasonOf(reason: FinishReason): ResponseState['incompleteReason'] {
  if (reason === 'length') return 'max_output_tokens'
  return reason === 'content_filter' ? 'content_filter' : undefined
}

/** An event as SSE text, which names its type in the `event` line too. */
export function encodeResponseEvent(event: ResponseEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}
