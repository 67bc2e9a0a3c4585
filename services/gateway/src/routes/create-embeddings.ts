import { parseValue } from '@weft/contracts'
import { EmbeddingsRequest, type Models } from '@weft/models'
import { accountRequest } from '../answers/account-request.ts'
import type { AttemptCounts } from '../answers/count-attempts.ts'
import { nameIgnored } from '../answers/name-ignored.ts'
import { deprecationHeaders } from '../core/deprecation-headers.ts'
import { type Handler, setHeaders } from '../http/handler.ts'
import type { OpenStreams } from '../http/open-streams.ts'
import { identityOf } from '../http/request-context.ts'

export interface EmbeddingsDeps {
  models: Pick<Models, 'embed' | 'get'>
  attempts: AttemptCounts
  streams: Pick<OpenStreams, 'open'>
}

/** `POST /v1/embeddings`: vectors as numbers or in base64, of the mesh's own model or of a provider's. */
export function createEmbeddings({ models, attempts, streams }: EmbeddingsDeps): Handler {
  return async (request, response) => {
    const wish = parseValue(EmbeddingsRequest, request.body, 'the request')
    const { tenant, keyId } = identityOf(response)
    const open = streams.open(identityOf(response), response)
    setHeaders(response, deprecationHeaders(wish.model, models.get(wish.model)?.deprecated))
    nameIgnored(response, ignoredFields(wish, models.get(wish.model)?.provider))
    await accountRequest(attempts, { response, open }, async ({ counted, used }) => {
      const scope = { tenant, keyId, user: wish.user ?? undefined, agent: 'gateway' }
      counted.begin()
      const answer = await models.embed(wish, {
        scope,
        signal: open.signal,
        onFailedUse: (_model, usage) => used.add(usage),
      })
      response.setHeader('content-type', 'application/json; charset=utf-8')
      response.end(answer.body)
      used.add(answer.usage)
      counted.succeeded()
    })
  }
}

const usedFields: ReadonlySet<string> = new Set(Object.keys(EmbeddingsRequest.shape))

/** The fields that have no effect. A provider is sent every field except `weft`; the mesh's own model uses only those of the schema. */
function ignoredFields(wish: EmbeddingsRequest, provider: string | undefined): string[] {
  return Object.keys(wish).filter((field) => field === 'weft' || (provider === 'local' && !usedFields.has(field)))
}
