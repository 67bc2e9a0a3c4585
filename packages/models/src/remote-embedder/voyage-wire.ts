import { postJson } from '../upstream/post-json.ts'
import type { EmbeddingWire } from './embedding-wire.ts'
import type { WireConnection } from './openai-wire.ts'

/** 1,000 texts, and 120,000 tokens in all for the largest models; the shortest context is 16,000 (docs.voyageai.com, text embeddings). */
const limits = { textsMax: 1_000, requestTokensMax: 120_000, textTokensMax: 16_000 }

/** Voyage's embeddings: questions and documents each get the prompt of their kind. */
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
