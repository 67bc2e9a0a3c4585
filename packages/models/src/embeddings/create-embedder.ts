import { createLocalEmbedder, localEmbeddingModel } from '../local-embedder/local-embedder.ts'
import { ModelError } from '../model-error.ts'
import { type ModelSettings, textSetting } from '../model-settings.ts'
import { upstreamNameOf } from '../registry/read-registry.ts'
import { createOpenAiWire } from '../remote-embedder/openai-wire.ts'
import { createRemoteEmbedder } from '../remote-embedder/remote-embedder.ts'
import { createVoyageWire } from '../remote-embedder/voyage-wire.ts'
import { accountEmbeddings, accountLocally, type EmbeddingAccounts } from './account-embeddings.ts'
import type { RunningEmbedder } from './embedder.ts'

/** What WEFT_EMBEDDER may say: `off`, or a model that an embedder can be made for. */
export const embedderPattern = /^(off|(local|openai|voyage)\/\S+)$/

const openAiBaseUrl = 'https://api.openai.com/v1'
const voyageBaseUrl = 'https://api.voyageai.com/v1'

/** The model that these settings choose: WEFT_EMBEDDER, else the local one if its folder is set. Undefined: none, so search goes by words alone. */
export function chosenEmbedder(settings: ModelSettings): string | undefined {
  const chosen = textSetting(settings, 'WEFT_EMBEDDER')
  if (chosen !== undefined) return chosen === 'off' ? undefined : chosen
  return textSetting(settings, 'WEFT_EMBEDDER_FOLDER') === undefined ? undefined : localEmbeddingModel.id
}

/**
 * Makes the embedder of a model. Nothing is contacted. `accounts`: what its calls have to pass; default: nothing. Throws ModelError, which names the setting that
 * is missing.
 */
export function createEmbedder(settings: ModelSettings, id: string, accounts?: EmbeddingAccounts): RunningEmbedder {
  const calls = accountEmbeddings(id, accounts)
  const modelName = upstreamNameOf(id)
  const ownBaseUrl = chosenEmbedder(settings) === id ? textSetting(settings, 'WEFT_EMBEDDER_BASE_URL') : undefined
  if (id.startsWith('openai/') && modelName !== '') {
    const baseUrl = ownBaseUrl ?? textSetting(settings, 'OPENAI_BASE_URL')
    const apiKey = textSetting(settings, 'OPENAI_API_KEY')
    // A server at an address that the user set may need no key.
    if (apiKey === undefined && baseUrl === undefined) throw missing(id, 'OPENAI_API_KEY')
    const wire = createOpenAiWire({ modelName, baseUrl: baseUrl ?? openAiBaseUrl, apiKey })
    return createRemoteEmbedder({ id, wire, calls })
  }
  if (id.startsWith('voyage/') && modelName !== '') {
    const baseUrl = ownBaseUrl ?? textSetting(settings, 'VOYAGE_BASE_URL') ?? voyageBaseUrl
    const apiKey = textSetting(settings, 'VOYAGE_API_KEY')
    if (apiKey === undefined) throw missing(id, 'VOYAGE_API_KEY')
    return createRemoteEmbedder({ id, wire: createVoyageWire({ modelName, baseUrl, apiKey }), calls })
  }
  if (id !== localEmbeddingModel.id) throw new ModelError('model_not_found', `there is no embedder for "${id}"`)
  const folder = textSetting(settings, 'WEFT_EMBEDDER_FOLDER')
  if (folder === undefined) throw missing(id, 'WEFT_EMBEDDER_FOLDER')
  const local = createLocalEmbedder({ folder })
  return { ...local, ...accountLocally(calls, local) }
}

function missing(id: string, variable: string): ModelError {
  return new ModelError('model_not_found', `the embedding model ${id} needs ${variable}, which is not set`)
}
