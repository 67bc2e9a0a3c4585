import type { EmbedRequest } from '@weft/contracts'
import { z } from 'zod'
import { ModelError } from '../model-error.ts'

/** One provider's way to embed; `limits` are its own. */
export type EmbeddingWire = {
  provider: string
  limits: { textsMax: number; requestTokensMax: number; textTokensMax: number }
  /** One attempt. Throws ModelError, but for aborts, which the caller explains. */
  send(texts: string[], purpose: EmbedRequest['purpose'], signal: AbortSignal): Promise<unknown>
}

/** What OpenAI and Voyage answer alike; vectors as numbers, or as base64 of little-endian 32-bit floats. */
const Answer = z.object({
  data: z.array(z.object({ index: z.int().nonnegative(), embedding: z.union([z.string(), z.array(z.number())]) })),
  // Counts that cannot be are as good as none.
  usage: z.object({ total_tokens: z.int().nonnegative().optional() }).nullish().catch(undefined),
})

/** The vectors of an answer in the order of the texts, each of length one. Throws ModelError when one is missing or none. */
export function readEmbeddings(
  answer: unknown,
  { provider, count }: { provider: string; count: number },
): { vectors: Float32Array[]; inputTokens: number | undefined } {
  const parsed = Answer.safeParse(answer)
  if (!parsed.success) throw unusable(provider, 'its answer holds no embeddings')
  const { data, usage } = parsed.data
  const vectors = new Map(data.map(({ index, embedding }) => [index, normalise(floatsOf(embedding))]))
  const inOrder = Array.from({ length: count }, (_, index) => vectors.get(index) ?? new Float32Array())
  if (data.length !== count || inOrder.some((vector) => vector.length === 0))
    throw unusable(provider, `${count} texts were sent, and it answered ${data.length} embeddings that can be used`)
  return { vectors: inOrder, inputTokens: usage?.total_tokens }
}

function floatsOf(embedding: string | number[]): Float32Array {
  if (typeof embedding !== 'string') return Float32Array.from(embedding)
  const bytes = Buffer.from(embedding, 'base64')
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => bytes.readFloatLE(at * 4))
}

/** Empty for what has no direction: only vectors of length one can be compared by their inner product. */
function normalise(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector)
  return length > 0 && Number.isFinite(length) ? vector.map((value) => value / length) : new Float32Array()
}

function unusable(provider: string, why: string): ModelError {
  return new ModelError('upstream_error', `${provider}: ${why}`, { isRetryable: true })
}
