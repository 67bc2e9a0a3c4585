import { connectOpenAi } from '../openai/connect-openai.ts'
import { explainSdkError } from '../upstream/explain-sdk-error.ts'
import { fetchKept } from '../upstream/fetch-kept.ts'
import type { EmbeddingWire } from './embedding-wire.ts'

export type WireConnection = { modelName: string; baseUrl: string; apiKey?: string | undefined }

/** 2,048 texts, 300,000 tokens in all and 8,192 a text: OpenAI's API reference, embeddings. */
const limits = { textsMax: 2_048, requestTokensMax: 300_000, textTokensMax: 8_192 }
const timeoutMs = 600_000

/** OpenAI's embeddings, and those of any server that speaks its wire. */
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
