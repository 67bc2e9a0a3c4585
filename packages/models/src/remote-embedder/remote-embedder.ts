import type { EmbedRequest, Embeddings } from '@weft/contracts'
import type { EmbeddingCalls } from '../embeddings/account-embeddings.ts'
import { batchInputs } from '../embeddings/batch-inputs.ts'
import type { AccountedRequest, RunningEmbedder } from '../embeddings/embedder.ts'
import { floatsOf } from '../embeddings/embedding-values.ts'
import { readEmbeddings, unusableAnswer } from '../embeddings/read-embeddings.ts'
import { ModelError } from '../model-error.ts'
import { type RetryBounds, retryCall } from '../upstream/retry-call.ts'
import { cutText } from './cut-text.ts'
import type { EmbeddingWire } from './embedding-wire.ts'

/** Somebody waits for the answer to a question. Documents wait in a queue, which a busy provider may hold up. */
const patience: Record<EmbedRequest['purpose'], RetryBounds & { silentMs: number }> = {
  query: { attemptsMax: 2, waitMsMax: 1_000, silentMs: 10_000 },
  document: { attemptsMax: 5, waitMsMax: 60_000, silentMs: 60_000 },
}

/** Texts are not cut shorter than this when a provider finds them too long: such a refusal has another reason. */
const textTokensMin = 128

export type RemoteEmbedderOptions = { id: string; wire: EmbeddingWire; calls: EmbeddingCalls }

/**
 * Embeds with a model behind a provider's API. More texts than one request may hold are sent in several, one after another; a text that is longer than the model
 * sees gets several vectors. The first answer tells how many dimensions the model has. A later answer with another number is refused, because its vectors could
 * not be compared. Throws ModelError.
 */
export function createRemoteEmbedder({ id, wire, calls }: RemoteEmbedderOptions): RunningEmbedder {
  const stopping = new AbortController()
  const dimensions = oneSize(id)
  let textTokensMax = wire.limits.textTokensMax

  async function embed(request: AccountedRequest): Promise<Embeddings> {
    const partsOf = request.texts.map((text) => {
      const parts = cutText(text, textTokensMax)
      return request.purpose === 'query' ? parts.slice(0, 1) : parts
    })
    const made: Float32Array[] = []
    let inputTokens = 0
    for (const batch of batchInputs(partsOf.flat(), wire.limits)) {
      const answer = await embedBatch(batch, request)
      made.push(...answer.vectors)
      inputTokens += answer.inputTokens
    }
    return { vectors: partsOf.map((parts) => made.splice(0, parts.length)), inputTokens }
  }

  function embedBatch(texts: string[], request: AccountedRequest) {
    const { purpose, signal: asked } = request
    const { silentMs, ...bounds } = patience[purpose]
    const signal = asked === undefined ? stopping.signal : AbortSignal.any([asked, stopping.signal])
    const attempt = () =>
      calls.send({ request, texts, silentMs, signal }, async (guarded) => {
        const answer = await wire.send(texts, purpose, guarded)
        const { provider } = wire
        const { vectors: sent, inputTokens } = readEmbeddings(answer, { provider, count: texts.length })
        const vectors = sent.map((vector) => normalise(floatsOf(vector), provider))
        dimensions.check(vectors)
        return { vectors, inputTokens }
      })
    return retryCall(attempt, { ...bounds, signal })
  }

  /** Embeds, and cuts texts to half the length each time they are refused as too long: that is how a server tells that its model sees less. */
  async function embedFitting(request: AccountedRequest): Promise<Embeddings> {
    const askedMax = textTokensMax
    try {
      return await embed(request)
    } catch (thrown) {
      const isTooLong = thrown instanceof ModelError && thrown.code === 'context_length_exceeded'
      if (!isTooLong || askedMax / 2 < textTokensMin) throw thrown
      textTokensMax = Math.min(textTokensMax, Math.floor(askedMax / 2))
      return embedFitting(request)
    }
  }

  return {
    id,
    async describe(signal) {
      if (dimensions.known() === undefined) await embedFitting({ texts: ['dimensions'], purpose: 'query', signal })
      return { id, dimensions: dimensions.known() ?? 0, isNormalised: true, inputTokensMax: textTokensMax }
    },
    embed(request) {
      if (request.texts.length === 0) return Promise.resolve({ vectors: [], inputTokens: 0 })
      return embedFitting(request)
    },
    stop() {
      stopping.abort()
      return Promise.resolve()
    },
  }
}

/** Learns from the first vector how many dimensions vectors have, and refuses any others. */
function oneSize(id: string) {
  let dimensions: number | undefined
  return {
    known: () => dimensions,
    check(vectors: Float32Array[]): void {
      dimensions ??= vectors[0]?.length
      const other = vectors.find(({ length }) => length !== dimensions)
      if (other === undefined) return
      const sizes = `a vector of ${other.length} dimensions, and those before had ${dimensions}`
      throw new ModelError('upstream_error', `${id} answered ${sizes}: they cannot be compared`, { isRetryable: false })
    },
  }
}

/** Makes a vector one of length one: only such can be compared by their inner product. Throws ModelError for one that has no direction. */
function normalise(vector: Float32Array, provider: string): Float32Array {
  const length = Math.hypot(...vector)
  if (length > 0 && Number.isFinite(length)) return vector.map((value) => value / length)
  throw unusableAnswer(provider, 'its answer holds a vector without a direction')
}
