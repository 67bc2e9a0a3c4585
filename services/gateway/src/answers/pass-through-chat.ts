import type { ServerResponse } from 'node:http'
import type { ChatCompletionRequest } from '@weft/contracts'
import { ignoredChatFields, type Models, type PassThroughAnswer } from '@weft/models'
import { deprecationHeaders } from '../core/deprecation-headers.ts'
import { failStream } from '../http/fail-stream.ts'
import { setHeaders } from '../http/handler.ts'
import type { OpenAnswer } from '../http/open-streams.ts'
import { createSseStream, type SseStream } from '../http/sse-stream.ts'
import type { Log } from '../log.ts'
import { type AskModelDeps, askModel } from './ask-model.ts'
import type { RequestAttempts } from './count-attempts.ts'
import { nameIgnored } from './name-ignored.ts'

export interface PassThroughDeps extends AskModelDeps {
  models: Pick<Models, 'passThrough' | 'get'>
  logger: Pick<Log, 'error'>
}

interface PassThroughCall {
  chat: ChatCompletionRequest
  response: ServerResponse
  open: OpenAnswer
  /** The request's header `cache-control` forbids storing (`refusesCache`). */
  noStore?: boolean
}

/** Sends a chat request to one model and its answer back as it comes. */
export async function passThroughChat(deps: PassThroughDeps, call: PassThroughCall): Promise<void> {
  const { chat, response, open, noStore = false } = call
  const { weft, ...body } = chat
  const model = deps.models.get(chat.model)
  setHeaders(response, deprecationHeaders(chat.model, model?.deprecated))
  nameIgnored(response, ignoredChatFields(body, model))
  const user = chat.safety_identifier ?? chat.user ?? undefined
  await askModel(deps, { body, weft, user, noStore, response, open }, async (answer, counted) => {
    if (answer.kind === 'stream') return relayStream(answer.chunks, { response, open, logger: deps.logger, counted })
    response.setHeader('content-type', 'application/json; charset=utf-8')
    response.end(answer.body)
  })
}

type RelayedChunks = Extract<PassThroughAnswer, { kind: 'stream' }>['chunks']

interface RelayedStream extends Pick<PassThroughCall, 'response' | 'open'>, Pick<PassThroughDeps, 'logger'> {
  counted: RequestAttempts
}

async function relayStream(chunks: RelayedChunks, { response, open, logger, counted }: RelayedStream): Promise<void> {
  const sse = createSseStream(response, open)
  try {
    if (chunks.pour !== undefined) await chunks.pour({ write: sse.relay, hasLeft: () => response.destroyed })
    else await relayEach(chunks, sse, response)
    sse.end()
  } catch (thrown) {
    failStream({ sse, response, logger }, open.endReason() ?? (await counted.failed(thrown)))
  }
}

async function relayEach(chunks: RelayedChunks, sse: SseStream, response: ServerResponse): Promise<void> {
  for await (const chunk of chunks) {
    const room = sse.relay(chunk)
    if (room !== undefined) await room
    if (response.destroyed) break
  }
}
