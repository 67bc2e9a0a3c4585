import { parseValue } from '@weft/contracts'
import { type Models, ResponsesRequest } from '@weft/models'
import type { RequestHandler } from 'express'
import { refusesCache } from '../core/refuses-cache.ts'
import { inResponseTerms } from '../core/response-terms.ts'
import { isWorkflowModel } from '../core/workflow-request.ts'
import { findConversation } from '../find-conversation.ts'
import type { OpenStreams } from '../open-streams.ts'
import { identityOf } from '../request-context.ts'
import { respondWithModel } from '../respond-with-model.ts'
import { respondWithWorkflow } from '../respond-with-workflow.ts'
import type { ResponseStore } from '../response-store.ts'
import type { WorkflowDeps } from '../run-workflow.ts'

export interface ResponseDeps extends WorkflowDeps {
  models: Pick<Models, 'passThrough' | 'get'>
  streams: Pick<OpenStreams, 'open'>
  responses: ResponseStore
}

/** `POST /v1/responses`: as chat completions, on OpenAI's newer wire. */
export function createResponse(deps: ResponseDeps): RequestHandler {
  return async (request, response) => {
    const wished = parseValue(ResponsesRequest, request.body, 'the request')
    const identity = identityOf(response)
    const open = deps.streams.open(identity, response)
    const { wish, sessionId, history } = await findConversation(deps, { tenant: identity.tenant, wish: wished })
    try {
      if (isWorkflowModel(wish.model)) await respondWithWorkflow(deps, { wish, sessionId, request, response, open })
      else await respondWithModel(deps, { wish, history, response, open, noStore: refusesCache(request.get('cache-control')) })
    } catch (thrown) {
      throw inResponseTerms(thrown)
    }
  }
}
