import type { ServerResponse } from 'node:http'
import { errorMessage, newId } from '@weft/contracts'
import type { PassThroughAnswer, ResponseItem, ResponsesRequest } from '@weft/models'
import {
  type AnswerPiece,
  chatFromResponses,
  ignoredChatFields,
  type Models,
  piecesOfChat,
  piecesOfChatStream,
  routedModelId,
} from '@weft/models'
import { deprecationHeaders } from '../core/deprecation-headers.ts'
import { unixSeconds } from '../core/unix-seconds.ts'
import { responseTerm } from '../core/response-terms.ts'
import { ignoredBeyondRouting } from '../core/workflow-request.ts'
import { setHeaders } from '../http/handler.ts'
import type { OpenAnswer } from '../http/open-streams.ts'
import { identityOf } from '../http/request-context.ts'
import type { Log } from '../log.ts'
import { type AskModelDeps, askModel } from './ask-model.ts'
import type { RequestAttempts } from './count-attempts.ts'
import { nameIgnored } from './name-ignored.ts'
import type { ResponseStore } from './response-store.ts'
import { sendResponse } from './send-response.ts'

export interface ModelResponseDeps extends AskModelDeps {
  models: Pick<Models, 'passThrough' | 'get'>
  responses: Pick<ResponseStore, 'save'>
  logger: Pick<Log, 'warn' | 'error'>
}

export interface ModelResponseCall {
  wish: ResponsesRequest
  /** The items of the conversation that the request continues, oldest first. */
  history: ResponseItem[]
  response: ServerResponse
  open: OpenAnswer
  /** The request's header `cache-control` forbids storing (`refusesCache`). */
  noStore: boolean
}

/** Answers `POST /v1/responses` for a model: translates the request to a chat completion, and the answer back. */
export async function respondWithModel(deps: ModelResponseDeps, call: ModelResponseCall): Promise<void> {
  const { wish, history, response, open } = call
  const { tenant } = identityOf(response)
  const { chat, ignored } = chatFromResponses(wish, history)
  nameIgnored(response, [...ignoredBeyondRouting(wish, wish.model === routedModelId), ...ignored])
  const model = deps.models.get(wish.model)
  setHeaders(response, deprecationHeaders(wish.model, model?.deprecated))
  nameIgnored(response, ignoredChatFields(chat, model).map(responseTerm))
  const isStored = wish.store !== false
  const identity = { id: newId('resp'), model: model?.id ?? wish.model, createdAt: unixSeconds(new Date()), isStored }
  const streamOptions = wish.stream === true ? { stream_options: { include_usage: true } } : {}
  const question = {
    body: { ...chat, ...streamOptions },
    weft: wish.weft ?? undefined,
    user: wish.safety_identifier ?? wish.user ?? undefined,
    noStore: call.noStore,
    response,
    open,
    onModel(asked: string) {
      identity.model = asked
    },
  }
  await askModel(deps, question, (answer, counted) =>
    sendResponse({
      wish,
      identity,
      pieces: piecesOf(answer, counted),
      keep: async (made) => isStored && (await save(deps, { tenant, wish, made })),
      response,
      open,
      logger: deps.logger,
    }),
  )
}

async function* piecesOf(answer: PassThroughAnswer, counted: RequestAttempts): AsyncGenerator<AnswerPiece> {
  try {
    if (answer.kind === 'body') yield* piecesOfChat(answer.body)
    else yield* piecesOfChatStream(answer.chunks)
  } catch (thrown) {
    throw await counted.failed(thrown)
  }
}

interface MadeResponse {
  tenant: string
  wish: ResponsesRequest
  made: { id: string; output: ResponseItem[] }
}

/** Stores a response. Resolves to false when that fails: the answer is given all the same, and says that it is not stored. */
async function save({ responses, logger }: ModelResponseDeps, { tenant, wish, made }: MadeResponse): Promise<boolean> {
  const { input, previous_response_id: previousId } = wish
  const items = typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : input
  try {
    await responses.save(tenant, { id: made.id, previousId: previousId ?? undefined, input: items, response: { ...made } })
    return true
  } catch (cause) {
    logger.warn('a response was not stored', { cause: errorMessage(cause) })
    return false
  }
}
