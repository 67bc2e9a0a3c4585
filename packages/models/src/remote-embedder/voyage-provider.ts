import { ModelError } from '../model-error.ts'
import type { ModelProvider, ProviderConnection } from '../provider.ts'
import { postJson } from '../upstream/post-json.ts'

/** Voyage as a provider of the registry: it embeds and does nothing else, and lists no models. */
export function createVoyageProvider({ id, baseUrl, apiKey, keyVariable = 'its key' }: ProviderConnection): ModelProvider {
  return {
    id,
    stream({ modelName }) {
      throw new ModelError('invalid_request', `${id}/${modelName} makes embeddings and no text`, { param: 'model' })
    },
    /** Nothing to embed is refused without being billed, once the key is known to be good. */
    async listModelNames(signal = AbortSignal.timeout(answerMs)) {
      const endpoint = { provider: id, baseUrl, path: '/embeddings', apiKey, keyVariable }
      await postJson(endpoint, { model: probe, input: [] }, signal).catch((thrown: unknown) => {
        if (!(thrown instanceof ModelError) || thrown.code !== 'invalid_request') throw thrown
      })
      return []
    },
  }
}

const probe = 'voyage-4-lite'
const answerMs = 10_000
