import { openAiBounds } from '../embeddings/request-bounds.ts'
import { connectOpenAi } from '../openai/connect-openai.ts'
import { explainSdkError } from '../upstream/explain-sdk-error.ts'
import { fetchKept } from '../upstream/fetch-kept.ts'
import type { EmbeddingWire } from './embedding-wire.ts'

export type WireConnection = { modelName: string; baseUrl: string; apiKey?: string | undefined }

/** A text may have 8,192 tokens: OpenAI's API reference, embeddings. */
const limits = { ...openAiBounds, textTokensMax: 8_192 }
const timeoutMs = 600_000

/** Asks OpenAI for embeddings, or any server that speaks its wire. */
export function createOpenAiWire({ modelName, baseUrl, apiKey }: WireConnection): EmbeddingWire {
  const provider = 'openai'
  let connected: ReturnType<typeof connectOpenAi> | undefined
  return {
    provider,
    limits,
    async send(texts, _purpose, signal) {
      connected ??= connectOpenAi({ baseUrl, apiKey, timeoutMs, fetch: fetchKept })
      const client = await connected
      try {
        const body = { model: modelName, input: texts, encoding_format: 'base64' }
        return await client.post<unknown>('/embeddings', { body, signal })
      } catch (thrown) {
        throw explainSdkError(thrown, { id: provider, baseUrl, keyVariable: 'OPENAI_API_KEY' })
      }
    },
  }
}
