import { z } from 'zod'
import { ModelError } from '../model-error.ts'
import type { MadeVectors } from './embedding-call.ts'

/** What OpenAI and Voyage answer alike; vectors are numbers, or little-endian 32-bit floats in base64. */
const Answer = z.object({
  data: z.array(z.object({ index: z.int().nonnegative(), embedding: z.union([z.string(), z.array(z.number())]) })),
  // A count that cannot be right is read as none.
  usage: z
    .object({ prompt_tokens: z.int().nonnegative().nullish(), total_tokens: z.int().nonnegative().nullish() })
    .nullish()
    .catch(undefined),
})

/** The vectors of a provider's answer, in the order of the `count` inputs that were sent. Throws ModelError when one is missing. */
export function readEmbeddings(answer: unknown, { provider, count }: { provider: string; count: number }): MadeVectors {
  const parsed = Answer.safeParse(answer)
  if (!parsed.success) throw unusableAnswer(provider, 'its answer holds no embeddings', parsed.error)
  const { data, usage } = parsed.data
  const byIndex = new Map(data.map(({ index, embedding }) => [index, embedding]))
  const vectors = Array.from({ length: count }, (_, index) => byIndex.get(index)).filter((vector) => vector !== undefined)
  if (data.length !== count || vectors.length !== count)
    throw unusableAnswer(provider, `${count} inputs were sent, and it answered ${vectors.length} embeddings`)
  return { vectors, inputTokens: usage?.prompt_tokens ?? usage?.total_tokens ?? undefined }
}

export function unusableAnswer(provider: string, why: string, cause?: unknown): ModelError {
  return new ModelError('upstream_error', `${provider}: ${why}`, { isRetryable: true, cause })
}
