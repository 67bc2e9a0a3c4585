import type { EmbedRequest, Embeddings } from '@weft/contracts'
import type { EmbeddingCalls } from '../embeddings/account-embeddings.ts'
import type { AccountedRequest, RunningEmbedder } from '../embeddings/embedder.ts'
import { ModelError } from '../model-error.ts'
import { type RetryBounds, retryCall } from '../upstream/retry-call.ts'
import { batchTexts, cutText } from './cut-text.ts'
import { type EmbeddingWire, readEmbeddings } from './embedding-wire.ts'

/** Somebody waits for a question; documents wait in a queue, which a busy provider may hold up. */
const patience: Record<EmbedRequest['purpose'], RetryBounds & { silentMs: number }> = {
  query: { attemptsMax: 2, waitMsMax: 1_000, silentMs: 10_000 },
  document: { attemptsMax: 5, waitMsMax: 60_000, silentMs: 60_000 },
}

/** Below this a refusal is not about the length of a text. */
const textTokensMin = 128

export type RemoteEmbedderOptions = { id: string; wire: EmbeddingWire; calls: EmbeddingCalls }

/**
 * A model behind a provider's API. What is more than one request may hold goes in several, one after another; a text longer than the model sees
 * has several vectors. The first answer says how many dimensions the model has, and an answer that has others is refused: its vectors could not be
 * compared. Throws ModelError.
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
    const { textsMax, requestTokensMax: bytesMax } = wire.limits
    const made: Float32Array[] = []
    let inputTokens = 0
    for (const batch of batchTexts(partsOf.flat(), { textsMax, bytesMax })) {
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
        const embeddings = readEmbeddings(answer, { provider: wire.provider, count: texts.length })
        dimensions.check(embeddings.vectors)
        return embeddings
      })
    return retryCall(attempt, { ...bounds, signal })
  }

  /** Servers for small models say only in a refusal how little they see. */
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

/** Learns how many dimensions vectors have from the first, and lets no other pass. */
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
