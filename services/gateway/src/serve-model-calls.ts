import type { Models } from '@weft/models'
import { answerError } from './http/answer-errors.ts'
import { type ApiRequest, type Handler, inTurn, pathOf } from './http/handler.ts'
import type { CallLimiter } from './limits/limit-calls.ts'
import { createTokenTally, limitCalls, settleTokens } from './limits/limited-routes.ts'
import type { Overload } from './overload/admit-fairly.ts'
import { admitFairly, shedLoad } from './overload/guard-load.ts'
import { requireScopeOf } from './http/request-context.ts'
import { createChatCompletion } from './routes/create-chat-completion.ts'
import { createEmbeddings } from './routes/create-embeddings.ts'
import { createResponse, type ResponseDeps } from './routes/create-response.ts'

export interface ModelCallDeps extends ResponseDeps {
  models: Pick<Models, 'passThrough' | 'embed' | 'get'>
  limiter: Pick<CallLimiter, 'admit' | 'headers'>
  overload: Pick<Overload, 'enter'>
  /** Why nothing more may be taken on, such as short memory. */
  pressure(): string | undefined
}

/** What requests of the whole API pass, in two parts: until it is known who sent one, and its body. */
export interface CommonHandlers {
  entry: readonly Handler[]
  body: readonly Handler[]
}

type Serve = ReturnType<typeof inTurn>

/** Where work for models begins; by far most requests go there, and none is looked for among other routes. Undefined for other requests. */
export function createModelCalls(deps: ModelCallDeps, common: CommonHandlers): (request: ApiRequest) => Serve | undefined {
  const shed = shedLoad(deps)
  const admitted = [requireScopeOf('chat'), limitCalls(deps.limiter), admitFairly(deps.overload)]
  const tell = answerError(deps.logger)
  const fail: typeof tell = (thrown, response) => {
    // Whoever began to answer has said what was used: what was refused before has used nothing.
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
