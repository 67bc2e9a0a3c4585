import { voyageBounds } from '../embeddings/request-bounds.ts'
import { postJson } from '../upstream/post-json.ts'
import type { EmbeddingWire } from './embedding-wire.ts'
import type { WireConnection } from './openai-wire.ts'

/** The shortest context of its models is 16,000 tokens (docs.voyageai.com, text embeddings). */
const limits = { ...voyageBounds, textTokensMax: 16_000 }

/** Asks Voyage for embeddings. It adds a prompt of its own to questions, and another to documents. */
export function createVoyageWire({ modelName, baseUrl, apiKey }: WireConnection): EmbeddingWire {
  const provider = 'voyage'
  const endpoint = { provider, baseUrl, path: '/embeddings', apiKey, keyVariable: 'VOYAGE_API_KEY' }
  return {
    provider,
    limits,
    send: (texts, purpose, signal) =>
      postJson(endpoint, { model: modelName, input: texts, input_type: purpose, encoding_format: 'base64' }, signal),
  }
}
