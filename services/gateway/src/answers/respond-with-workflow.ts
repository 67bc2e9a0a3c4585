import type { ServerResponse } from 'node:http'
import { ChatCompletionRequest, parseValue, type TurnAccepted } from '@weft/contracts'
import { chatFromResponses, type ResponsesRequest, responseObject } from '@weft/models'
import { linksForReader } from '../approvals/reader-links.ts'
import { type TurnPlace, turnResponseId } from '../core/response-id.ts'
import { inToolTerms, responseTerm } from '../core/response-terms.ts'
import { unixSeconds } from '../core/unix-seconds.ts'
import { checkWorkflowRequest, ignoredFields } from '../core/workflow-request.ts'
import { type ApiRequest, sendJson } from '../http/handler.ts'
import type { OpenAnswer } from '../http/open-streams.ts'
import { identityOf } from '../http/request-context.ts'
import { withDroppedTurn } from '../sessions/restore-view.ts'
import { nameIgnored } from './name-ignored.ts'
import { responseOfTurn, withPrevious } from './response-of-turn.ts'
import { runWorkflow, type WorkflowDeps } from './run-workflow.ts'
import { resultsWish, type SearchResultsDeps, type TellResults, tellResults } from './search-results.ts'
import { speakResponse } from './speak-response.ts'
import { readWorkflowWish } from './workflow-wish.ts'

export type WorkflowResponseDeps = WorkflowDeps & SearchResultsDeps

export interface WorkflowResponseCall {
  wish: ResponsesRequest
  /** The turn that the request continues. */
  previous: TurnPlace | undefined
  request: ApiRequest
  response: ServerResponse
  open: OpenAnswer
}

/** Answers `POST /v1/responses` for a workflow: runs it as a chat completion does, and writes the answer as a response. */
export async function respondWithWorkflow(deps: WorkflowResponseDeps, call: WorkflowResponseCall): Promise<void> {
  const { previous, request, response, open } = call
  const { wish, vectorStoreIds, isBackground, ignored } = readWorkflowWish(call.wish)
  const translated = chatFromResponses(wish)
  const { user, safety_identifier } = wish
  const weft = {
    ...wish.weft,
    ...(vectorStoreIds === undefined ? {} : { vectorStoreIds }),
    ...(isBackground ? { background: true } : {}),
  }
  const chat = parseValue(ChatCompletionRequest, { ...translated.chat, user, safety_identifier, weft }, 'the request')
  checkWorkflowRequest(chat)
  const includesResults = vectorStoreIds !== undefined && wish.include?.includes(resultsWish) === true
  const unheeded = includesResults ? translated.ignored.filter((field) => field !== `include.${resultsWish}`) : translated.ignored
  nameIgnored(response, [...unheeded, ...ignored, ...ignoredFields(chat).map(responseTerm)])
  const running = runWorkflow(deps, {
    chat,
    request,
    response,
    open,
    previous,
    isStored: wish.store !== false,
    metadata: wish.metadata ?? undefined,
    ...(vectorStoreIds === undefined ? {} : { tellsSearch: includesResults ? 'results' : 'queries' }),
    speak: (options) => speakResponse({ wish: call.wish, isBackground, tellResults: resultsOf(deps, call) }, options),
    // Who asks for a stream waits for it although the turn is in the background; the turn goes on if the reader leaves.
    ...(isBackground
      ? { comesBack: wish.stream !== true, acknowledge: (accepted) => acknowledgeResponse(deps, call, accepted) }
      : {}),
  })
  await running.catch((thrown: unknown) => {
    throw wish.weft?.vectorStoreIds === undefined ? inToolTerms(thrown) : thrown
  })
}

function resultsOf(deps: SearchResultsDeps, { wish, response }: Pick<WorkflowResponseCall, 'wish' | 'response'>): TellResults {
  return tellResults(deps, { tenant: identityOf(response).tenant, include: wish.include })
}

/** Answers a request in the background with the response as it is now: queued or, if the request was sent before, as far as the turn has come. */
async function acknowledgeResponse(
  deps: WorkflowResponseDeps,
  { wish, request, response }: WorkflowResponseCall,
  { sessionId, turn: number, isRepeat, acceptedAt }: TurnAccepted,
): Promise<void> {
  const session = isRepeat
    ? await withDroppedTurn(deps, number).view({ tenant: identityOf(response).tenant, sessionId })
    : undefined
  const turn = session?.turns.find((candidate) => candidate.turn === number)
  if (session !== undefined && turn !== undefined) {
    const linkOf = linksForReader(deps.pages, { request, response })
    const told = await responseOfTurn({ session, turn }, { linkOf, wish, tellResults: resultsOf(deps, { wish, response }) })
    sendJson(response, 200, told)
    return
  }
  const createdAt = unixSeconds(acceptedAt ?? new Date())
  const id = turnResponseId({ sessionId, turn: number })
  const identity = { id, model: wish.model, createdAt, isStored: true, isBackground: true }
  const place = { sessionId, turn: number }
  sendJson(response, 200, responseObject(withPrevious(wish, place), identity, { status: 'queued', output: [] }))
}
