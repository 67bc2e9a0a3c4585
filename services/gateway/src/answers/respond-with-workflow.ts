import type { ServerResponse } from 'node:http'
import { ChatCompletionRequest, parseValue, type TurnAccepted } from '@weft/contracts'
import { type AnswerPiece, chatFromResponses, type ResponsesRequest, responseObject } from '@weft/models'
import { linksForReader } from '../approvals/reader-links.ts'
import { usedTokens } from '../core/completion-objects.ts'
import { type TurnPlace, turnResponseId } from '../core/response-id.ts'
import { inToolTerms } from '../core/response-terms.ts'
import { divergedAnswer, type SpokenEnd, speakEnd } from '../core/turn-end.ts'
import { checkWorkflowRequest, ignoredWishes } from '../core/workflow-request.ts'
import { type ApiRequest, sendJson } from '../http/handler.ts'
import type { OpenAnswer } from '../http/open-streams.ts'
import { identityOf } from '../http/request-context.ts'
import { settleTokens } from '../limits/limited-routes.ts'
import { withDroppedTurn } from '../sessions/restore-view.ts'
import type { AnswerOptions } from './answer-turn.ts'
import { nameIgnored } from './name-ignored.ts'
import { endingOf, piecesOfEnd, responseOfTurn } from './response-of-turn.ts'
import { runWorkflow, type WorkflowDeps } from './run-workflow.ts'
import { sendResponse } from './send-response.ts'
import { readWorkflowWish } from './workflow-wish.ts'

export interface WorkflowResponseCall {
  wish: ResponsesRequest
  /** The turn it goes on from. */
  previous: TurnPlace | undefined
  request: ApiRequest
  response: ServerResponse
  open: OpenAnswer
}

/** As for chat completions: a failure this soon after acceptance still gets a real status. */
const startWithinMs = 1_000

/** Runs a workflow as a chat completion does, and answers on the wire of responses. */
export async function respondWithWorkflow(deps: WorkflowDeps, call: WorkflowResponseCall): Promise<void> {
  const { previous, request, response, open } = call
  const { wish, vectorStoreIds, isBackground, ignored } = readWorkflowWish(call.wish)
  const translated = chatFromResponses(wish)
  const { user, safety_identifier } = wish
  // Whoever reads a stream is there, and may leave: the turn goes on all the same.
  const waits = isBackground && wish.stream !== true
  const weft = {
    ...wish.weft,
    ...(vectorStoreIds === undefined ? {} : { vectorStoreIds }),
    ...(waits ? { background: true } : {}),
  }
  const chat = parseValue(ChatCompletionRequest, { ...translated.chat, user, safety_identifier, weft }, 'the request')
  checkWorkflowRequest(chat)
  nameIgnored(response, [...translated.ignored, ...ignored, ...ignoredWishes(chat)])
  const running = runWorkflow(deps, {
    chat,
    request,
    response,
    open,
    previous,
    speak: (options) => speakResponse({ wish: call.wish, isBackground }, options),
    ...(waits ? { acknowledge: (accepted) => acknowledgeResponse(deps, call, accepted) } : {}),
  })
  await running.catch((thrown: unknown) => {
    throw wish.weft?.vectorStoreIds === undefined ? inToolTerms(thrown) : thrown
  })
}

/** Whoever asks again is told how far the turn is. */
async function acknowledgeResponse(
  deps: WorkflowDeps,
  { wish, request, response }: WorkflowResponseCall,
  { sessionId, turn: number, isRepeat }: TurnAccepted,
): Promise<void> {
  const session = isRepeat
    ? await withDroppedTurn(deps, number).view({ tenant: identityOf(response).tenant, sessionId })
    : undefined
  const turn = session?.turns.find((candidate) => candidate.turn === number)
  if (session !== undefined && turn !== undefined) {
    const linkOf = linksForReader(deps.pages, { request, response })
    sendJson(response, 200, responseOfTurn({ session, turn }, { linkOf, wish }))
    return
  }
  const createdAt = Math.floor(Date.now() / 1_000)
  const id = turnResponseId({ sessionId, turn: number })
  const identity = { id, model: wish.model, createdAt, isStored: true, isBackground: true }
  sendJson(response, 200, responseObject(wish, identity, { status: 'queued', output: [] }))
}

function speakResponse(
  { wish, isBackground }: { wish: ResponsesRequest; isBackground: boolean },
  options: AnswerOptions,
): Promise<void> {
  const { place, identity, response, open, logger } = options
  const spoken: { end?: SpokenEnd; text: string } = { text: '' }
  return sendResponse({
    wish,
    identity: { id: turnResponseId(place), model: identity.model, createdAt: identity.created, isStored: true, isBackground },
    pieces: piecesOfTurn(options, spoken),
    ending: () => (spoken.end === undefined ? {} : endingOf(place, spoken.end, spoken.text)),
    startWithinMs,
    response,
    open,
    logger,
  })
}

async function* piecesOfTurn(
  { response, outputs, place, pauses, showsProgress }: AnswerOptions,
  spoken: { end?: SpokenEnd; text: string },
): AsyncGenerator<AnswerPiece> {
  for await (const output of outputs) {
    switch (output.type) {
      case 'progress':
        if (showsProgress) yield { type: 'reasoning', delta: `${output.line}\n` }
        break
      case 'text':
        spoken.text += output.delta
        yield output
        break
      case 'diverged':
        throw divergedAnswer(place.sessionId)
      case 'end': {
        const end = speakEnd(place.sessionId, output.end, pauses)
        spoken.end = end
        settleTokens(response, usedTokens(end.answer.usage))
        for (const piece of piecesOfEnd(end, spoken.text)) {
          if (piece.type === 'text') spoken.text += piece.delta
          yield piece
        }
      }
    }
  }
}
