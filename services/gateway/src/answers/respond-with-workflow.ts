import type { ServerResponse } from 'node:http'
import { ChatCompletionRequest, parseValue } from '@weft/contracts'
import { type AnswerPiece, chatFromResponses, type ResponsesRequest } from '@weft/models'
import { citationAnnotations } from '../core/citation-annotations.ts'
import { finishReasonOf, usedTokens, weftAnswer } from '../core/completion-objects.ts'
import { turnResponseId } from '../core/response-id.ts'
import { approvalTool } from '../core/tool-answers.ts'
import { divergedAnswer, type SpokenEnd, speakEnd } from '../core/turn-end.ts'
import { checkWorkflowRequest, ignoredWishes } from '../core/workflow-request.ts'
import type { ApiRequest } from '../http/handler.ts'
import type { OpenAnswer } from '../http/open-streams.ts'
import { settleTokens } from '../limits/limited-routes.ts'
import type { AnswerOptions } from './answer-turn.ts'
import { nameIgnored } from './name-ignored.ts'
import { runWorkflow, type WorkflowDeps } from './run-workflow.ts'
import { sendResponse } from './send-response.ts'

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
  const { wish, sessionId, request, response, open } = call
  const { chat: body, ignored } = chatFromResponses(wish)
  const { user, safety_identifier, weft } = wish
  const chat = parseValue(ChatCompletionRequest, { ...body, user, safety_identifier, weft }, 'the request')
  checkWorkflowRequest(chat)
  nameIgnored(response, [...ignored, ...ignoredWishes(chat)])
  await runWorkflow(deps, { chat, request, response, open, sessionId, speak: (options) => speakResponse(wish, options) })
}

function speakResponse(wish: ResponsesRequest, options: AnswerOptions): Promise<void> {
  const { place, identity, response, open, logger } = options
  const spoken: { end?: SpokenEnd; text: string } = { text: '' }
  return sendResponse({
    wish,
    identity: { id: turnResponseId(place), model: identity.model, createdAt: identity.created, isStored: true },
    pieces: piecesOfTurn(options, spoken),
    ending() {
      if (spoken.end === undefined) return {}
      const annotations = citationAnnotations(spoken.text, spoken.end.answer.citations)
      return { annotations, weft: weftAnswer(place, spoken.end) }
    },
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

function piecesOfEnd(end: SpokenEnd, shown: string): AnswerPiece[] {
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
