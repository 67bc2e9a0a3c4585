import { ChatCompletionRequest, parseValue } from '@weft/contracts'
import { type Models, routedModelId } from '@weft/models'
import { answerTurnWhole, streamTurn } from '../answers/answer-turn.ts'
import { nameIgnored } from '../answers/name-ignored.ts'
import { passThroughChat } from '../answers/pass-through-chat.ts'
import { runWorkflow, type WorkflowDeps } from '../answers/run-workflow.ts'
import type { AttemptCounts } from '../answers/count-attempts.ts'
import { refusesCache } from '../core/refuses-cache.ts'
import { checkWorkflowRequest, ignoredBeyondRouting, ignoredFields, isWorkflowModel } from '../core/workflow-request.ts'
import { type Handler, headerOf } from '../http/handler.ts'
import type { OpenStreams } from '../http/open-streams.ts'
import { identityOf } from '../http/request-context.ts'

export interface ChatDeps extends WorkflowDeps {
  models: Pick<Models, 'passThrough' | 'get'>
  attempts: AttemptCounts
  streams: Pick<OpenStreams, 'open'>
}

/** `POST /v1/chat/completions`: a request for `<provider>/<model>` goes straight to that model, one for `weft/<mode>` runs a workflow in a session. */
export function createChatCompletion(deps: ChatDeps): Handler {
  return async (request, response) => {
    const chat = parseValue(ChatCompletionRequest, request.body, 'the request')
    const open = deps.streams.open(identityOf(response), response)
    if (!isWorkflowModel(chat.model)) {
      nameIgnored(response, chat.weft === undefined ? [] : ignoredBeyondRouting(chat, chat.model === routedModelId))
      await passThroughChat(deps, {
        chat,
        response,
        open,
        noStore: refusesCache(headerOf(request, 'cache-control')),
      })
      return
    }
    checkWorkflowRequest(chat)
    nameIgnored(response, ignoredFields(chat))
    const speak = chat.stream === true ? streamTurn : answerTurnWhole
    await runWorkflow(deps, { chat, request, response, open, speak })
  }
}
