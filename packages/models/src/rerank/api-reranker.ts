import type { CallControls } from '../attempt/call-controls.ts'
import type { CallScope } from '../attempt/call-scope.ts'
import { type Attempt, openAttempt } from '../attempt/open-attempt.ts'
import { ModelError } from '../model-error.ts'
import { upstreamNameOf } from '../registry/read-registry.ts'
import { estimateTokens } from '../tokens/estimate-tokens.ts'
import { type JsonEndpoint, postJson } from '../upstream/post-json.ts'
import { retryCall } from '../upstream/retry-call.ts'
import { type RerankModel, rerankedMax } from './rerank-model.ts'
import { priceOfReranker } from './rerank-prices.ts'
import { type RerankWire, readScores } from './rerank-wire.ts'

export type ApiRerankerOptions = {
  /** Such as `cohere/rerank-v3.5`. */
  id: string
  wire: RerankWire
  baseUrl: string
  apiKey: string | undefined
  controls: CallControls
}

/** About 1,500 tokens of English: every reranker sees that much, and no chunk of usual size is longer. */
const documentCharsMax = 6_000
const queryCharsMax = 4_000

/** Short, because somebody waits for the search. */
const patience = { attemptsMax: 2, waitMsMax: 1_000 }
const silence = { firstMs: 10_000, betweenMs: 10_000 }

/** Reranks with a cross-encoder behind a provider's API, by one call for all documents. Longer texts are cut. Throws ModelError. */
export function createApiReranker({ id, wire, baseUrl, apiKey, controls }: ApiRerankerOptions): RerankModel {
  const { provider } = wire
  const modelName = upstreamNameOf(id)
  const endpoint: JsonEndpoint = { provider, baseUrl, path: '/rerank', apiKey, keyVariable: wire.keyVariables[0] }
  const price = priceOfReranker(id)
  const model = { id, provider, price, priceKnown: price !== undefined }

  async function send(body: object, { scope, signal }: { scope: CallScope; signal: AbortSignal }) {
    const text = JSON.stringify(body)
    const content = {
      isStreamed: false,
      inputTokens: estimateTokens(text.length),
      inputBytes: Buffer.byteLength(text),
      answers: 1,
      inputText: () => text,
    }
    const attempt = await openAttempt({ kind: 'rerank', controls, model, scope, content, wishes: {}, silence, signal })
    try {
      return readAnswer(await postJson(endpoint, body, attempt.guard.signal), attempt)
    } catch (thrown) {
      throw attempt.fail(thrown)
    }
  }

  function readAnswer(received: unknown, attempt: Attempt) {
    const answer = wire.read(received)
    if (answer === undefined)
      throw new ModelError('upstream_error', `${provider}: its answer holds no ranking`, { isRetryable: true })
    const { inputTokens } = answer
    if (inputTokens !== undefined) attempt.answer.tokens = { inputTokens: Math.round(inputTokens), outputTokens: 0 }
    attempt.complete()
    return answer
  }

  return {
    id,
    async rerank({ query, documents, signal = new AbortController().signal, scope }) {
      if (documents.length === 0) return []
      const seen = documents.slice(0, rerankedMax).map((text) => cut(text, documentCharsMax))
      const body = wire.body({ model: modelName, query: cut(query, queryCharsMax), documents: seen })
      const answer = await retryCall(() => send(body, { scope, signal }), { ...patience, signal })
      return readScores(answer, { provider, count: seen.length })
    },
  }
}

/** Cuts a text, without leaving half a character. An empty text becomes a space, because providers refuse it. */
function cut(text: string, charsMax: number): string {
  return text.slice(0, charsMax).toWellFormed() || ' '
}
