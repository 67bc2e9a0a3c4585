import { ModelError } from '../model-error.ts'
import type { ModelProvider, ProviderConnection } from '../provider.ts'
import { postJson } from '../upstream/post-json.ts'

/** Voyage as a provider of the registry: it makes embeddings and no text, and has no list of models. */
export function createVoyageProvider({ id, baseUrl, apiKey, keyVariable = 'its key' }: ProviderConnection): ModelProvider {
  return {
    id,
    stream({ modelName }) {
      throw new ModelError('invalid_request', `${id}/${modelName} makes embeddings and no text`, { param: 'model' })
    },
    /** Checks the key by a request for nothing: Voyage refuses it without charge, but only once it has accepted the key. */
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
