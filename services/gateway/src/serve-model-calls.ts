import type { FairPlaces } from '@weft/mesh'
import type { Models } from '@weft/models'
import { answerError } from './http/answer-errors.ts'
import { type ApiRequest, type Handler, inTurn, pathOf } from './http/handler.ts'
import { requireScopeOf } from './http/request-context.ts'
import type { CallLimiter } from './limits/limit-calls.ts'
import { createTokenTally, limitCalls, settleTokens } from './limits/limited-routes.ts'
import { admitFairly, shedLoad } from './overload/guard-load.ts'
import { createChatCompletion } from './routes/create-chat-completion.ts'
import { createEmbeddings } from './routes/create-embeddings.ts'
import { createResponse, type ResponseDeps } from './routes/create-response.ts'

export interface ModelCallDeps extends ResponseDeps {
  models: Pick<Models, 'passThrough' | 'embed' | 'get'>
  limiter: Pick<CallLimiter, 'admit' | 'headers'>
  overload: Pick<FairPlaces, 'enter'>
  /** Why nothing more may be taken on, such as short memory. */
  pressure(): string | undefined
}

/** Handlers that requests of the whole API pass: `entry` until it is known who sent the request, `body` to read its body. */
export interface CommonHandlers {
  entry: readonly Handler[]
  body: readonly Handler[]
}

type Serve = ReturnType<typeof inTurn>

/**
 * Finds the handlers of a request that makes calls of models; undefined for any other request. By far most requests are such, so that they are served without
 * Express, whose search through all routes would take longer than the rest of the way.
 */
export function createModelCalls(deps: ModelCallDeps, common: CommonHandlers): (request: ApiRequest) => Serve | undefined {
  const shed = shedLoad(deps)
  const admitted = [requireScopeOf('chat'), limitCalls(deps.limiter), admitFairly(deps.overload)]
  const tell = answerError(deps.logger)
  const fail: typeof tell = (thrown, response) => {
    // Counts only for a request that was refused before anything was asked: it has used nothing. Any other has told what it used already.
    settleTokens(response, createTokenTally().total)
    tell(thrown, response)
  }
  const serve = (path: string, answer: Handler): [string, Serve] => {
    const nameRoute: Handler = (request, _response, next) => {
      request.route = { path }
      next()
    }
    return [path, inTurn([nameRoute, ...common.entry, shed, ...common.body, ...admitted, answer], fail)]
  }
  const routes = new Map([
    serve('/v1/chat/completions', createChatCompletion(deps)),
    serve('/v1/responses', createResponse(deps)),
    serve('/v1/embeddings', createEmbeddings(deps)),
  ])
  return (request) => (request.method === 'POST' ? routes.get(pathOf(request)) : undefined)
}
