import { parseValue } from '@weft/contracts'
import { type Models, ResponsesRequest } from '@weft/models'
import { respondWithModel } from '../answers/respond-with-model.ts'
import { respondWithWorkflow, type WorkflowResponseDeps } from '../answers/respond-with-workflow.ts'
import type { ResponseStore } from '../answers/response-store.ts'
import type { AttemptCounts } from '../answers/count-attempts.ts'
import { refusesCache } from '../core/refuses-cache.ts'
import { inResponseTerms } from '../core/response-terms.ts'
import { isWorkflowModel } from '../core/workflow-request.ts'
import { type Handler, headerOf } from '../http/handler.ts'
import type { OpenStreams } from '../http/open-streams.ts'
import { identityOf } from '../http/request-context.ts'
import { findConversation } from '../sessions/find-conversation.ts'

export interface ResponseDeps extends WorkflowResponseDeps {
  models: Pick<Models, 'passThrough' | 'get'>
  attempts: AttemptCounts
  streams: Pick<OpenStreams, 'open'>
  responses: ResponseStore
}

/** `POST /v1/responses`: the same as chat completions, in OpenAI's newer format. */
export function createResponse(deps: ResponseDeps): Handler {
  return async (request, response) => {
    const wished = parseValue(ResponsesRequest, request.body, 'the request')
    const identity = identityOf(response)
    const open = deps.streams.open(identity, response)
    const { wish, turn, history } = await findConversation(deps, { tenant: identity.tenant, wish: wished })
    try {
      if (isWorkflowModel(wish.model)) await respondWithWorkflow(deps, { wish, previous: turn, request, response, open })
      else
        await respondWithModel(deps, { wish, history, response, open, noStore: refusesCache(headerOf(request, 'cache-control')) })
    } catch (thrown) {
      throw inResponseTerms(thrown)
    }
  }
}
