import type { ServerResponse } from 'node:http'
import { ChatCompletionRequest, parseValue } from '@weft/contracts'
import { type AnswerPiece, chatFromResponses, type ResponsesRequest, responseObject } from '@weft/models'
import { usedTokens } from '../core/completion-objects.ts'
import { turnResponseId } from '../core/response-id.ts'
import { inToolTerms } from '../core/response-terms.ts'
import { divergedAnswer, type SpokenEnd, speakEnd } from '../core/turn-end.ts'
import { checkWorkflowRequest, ignoredWishes } from '../core/workflow-request.ts'
import { type ApiRequest, sendJson } from '../http/handler.ts'
import type { OpenAnswer } from '../http/open-streams.ts'
import { settleTokens } from '../limits/limited-routes.ts'
import type { AnswerOptions } from './answer-turn.ts'
import { nameIgnored } from './name-ignored.ts'
import { endingOf, piecesOfEnd } from './response-of-turn.ts'
import { runWorkflow, type WorkflowDeps } from './run-workflow.ts'
import { sendResponse } from './send-response.ts'
import { readWorkflowWish } from './workflow-wish.ts'

export interface WorkflowResponseCall {
  wish: ResponsesRequest
  /** The session that the response before was a turn of. */
  sessionId: string | undefined
  request: ApiRequest
  response: ServerResponse
  open: OpenAnswer
}

/** As for chat completions: a failure this soon after acceptance still gets a real status. */
const startWithinMs = 1_000

/** Runs a workflow as a chat completion does, and answers on the wire of responses. */
export async function respondWithWorkflow(deps: WorkflowDeps, call: WorkflowResponseCall): Promise<void> {
  const { sessionId, request, response, open } = call
  const { wish, vectorStoreIds, isBackground, ignored } = readWorkflowWish(call.wish)
  const translated = chatFromResponses(wish)
  const { user, safety_identifier } = wish
  // Whoever reads a stream is there, and may leave: the turn goes on all the same.
  const waits = isBackground && wish.stream !== true
  const weft = {
    ...wish.weft,
    ...(vectorStoreIds === undefined ? {} : { vectorStoreIds: [...(wish.weft?.vectorStoreIds ?? []), ...vectorStoreIds] }),
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
    sessionId,
    speak: (options) => speakResponse({ wish: call.wish, isBackground }, options),
    ...(waits ? { acknowledge: (turn) => acknowledgeResponse(call, turn) } : {}),
  })
  await running.catch((thrown: unknown) => {
    throw wish.weft?.vectorStoreIds === undefined ? inToolTerms(thrown) : thrown
  })
}

function acknowledgeResponse({ wish, response }: WorkflowResponseCall, turn: { sessionId: string; turn: number }): void {
  const createdAt = Math.floor(Date.now() / 1_000)
  const identity = { id: turnResponseId(turn), model: wish.model, createdAt, isStored: true, isBackground: true }
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
