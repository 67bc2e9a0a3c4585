import type { ServerResponse } from 'node:http'
import type { ResponseIdentity, ResponseObject, ResponsesRequest, ResponseWriter } from '@weft/models'
import { type AnswerPiece, createResponseWriter, encodeResponseEvent, type ResponseEvent } from '@weft/models'
import { toApiError } from '../core/api-error.ts'
import { eventsAfter } from '../core/events-after.ts'
import { inResponseTerms } from '../core/response-terms.ts'
import { foreseen, logUnforeseen } from '../http/answer-errors.ts'
import type { OpenAnswer } from '../http/open-streams.ts'
import { createSseStream, type SseStream } from '../http/sse-stream.ts'
import type { Log } from '../log.ts'

export interface ResponseAnswer {
  wish: ResponsesRequest
  identity: ResponseIdentity
  pieces: AsyncIterable<AnswerPiece>
  /** What is known of the answer once its pieces have ended. */
  ending?(): { annotations?: object[]; weft?: object }
  /** Stores the response before the caller is told that it is stored; resolves to whether it is. Default: as `identity.isStored` says. */
  keep?(response: ResponseObject): Promise<boolean>
  /**
   * A stream starts with its first piece, at the latest after this; a failure before it starts is answered with an HTTP status. Default: it waits for the first
   * piece however long that takes.
   */
  startWithinMs?: number
  /** Only events after this sequence number are sent. Default: all. */
  startingAfter?: number | undefined
  response: ServerResponse
  open: OpenAnswer
  logger: Pick<Log, 'error'>
}

/** Sends an answer as a response: one object, or the stream of events that build it. */
export function sendResponse(answer: ResponseAnswer): Promise<void> {
  return answer.wish.stream === true ? streamResponse(answer) : sendWholeResponse(answer)
}

async function sendWholeResponse(answer: ResponseAnswer): Promise<void> {
  const writer = createResponseWriter(answer.wish, answer.identity)
  for await (const piece of answer.pieces) writer.accept(piece)
  const reason = answer.open.endReason()
  if (reason !== undefined) throw reason
  const { response } = await finish(answer, writer)
  answer.response.setHeader('content-type', 'application/json; charset=utf-8')
  answer.response.end(JSON.stringify(response))
}

async function finish(answer: ResponseAnswer, writer: ResponseWriter) {
  const finished = writer.finish(answer.ending?.() ?? {})
  const isKept = answer.keep === undefined ? answer.identity.isStored : await answer.keep(finished.response)
  finished.response.store = isKept
  return finished
}

async function streamResponse(answer: ResponseAnswer): Promise<void> {
  const { response, open, identity, wish, pieces, startWithinMs, startingAfter } = answer
  const sse = createSseStream(response, open)
  const writer = createResponseWriter(wish, identity)
  let hasBegun = false
  const begin = () => {
    const events = hasBegun ? [] : writer.start()
    hasBegun = true
    return events
  }
  const send = (events: ResponseEvent[]) => relay(sse, startingAfter === undefined ? events : eventsAfter(events, startingAfter))
  const start = () => {
    sse.start()
    void send(begin())
  }
  const timer = startWithinMs === undefined ? undefined : setTimeout(start, startWithinMs)
  try {
    for await (const piece of pieces) {
      await send([...begin(), ...writer.accept(piece)])
      if (response.destroyed) return
    }
    const reason = open.endReason()
    if (reason !== undefined) throw reason
    const { events } = await finish(answer, writer)
    await send([...begin(), ...events])
    if (!sse.hasStarted) sse.start()
    sse.end()
  } catch (thrown) {
    await failResponse({ sse, writer, answer }, open.endReason() ?? thrown)
  } finally {
    clearTimeout(timer)
  }
}

async function relay(sse: SseStream, events: ResponseEvent[]): Promise<void> {
  if (events.length > 0) await sse.relay(events.map(encodeResponseEvent).join(''))
}

/** A failure before the stream has started is thrown on, and becomes an ordinary error answer; later it ends the stream with the event `response.failed`. */
async function failResponse(
  { sse, writer, answer }: { sse: SseStream; writer: ResponseWriter; answer: ResponseAnswer },
  thrown: unknown,
): Promise<void> {
  if (!sse.hasStarted) throw thrown
  const { response, logger } = answer
  if (response.destroyed) return
  const { body } = toApiError(inResponseTerms(foreseen(thrown)))
  const { code, message, param } = body.error
  if (code === 'internal_error') logUnforeseen(logger, response, thrown)
  // What is stored once it is whole is not stored now; a session keeps its turn, however that ended.
  const isStored = answer.keep === undefined && answer.identity.isStored
  await relay(sse, writer.fail({ code: code ?? 'server_error', message, param }, isStored))
  sse.end()
}
