import type { Embeddings, EmbedRequest } from '@weft/contracts'
import type { CallControls } from '../attempt/call-controls.ts'
import type { CallScope } from '../attempt/call-scope.ts'
import { openAttempt } from '../attempt/open-attempt.ts'
import type { ModelInfo } from '../registry/catalog.ts'
import { providerOf } from '../registry/read-registry.ts'
import { estimateTokens } from '../tokens/estimate-tokens.ts'
import type { AccountedRequest, RunningEmbedder } from './embedder.ts'

/** What every call of an embedding model has to pass, and on whose account it is made. */
export interface EmbeddingAccounts {
  controls: CallControls
  /** The model's entry in the registry, for its price. */
  modelOf(id: string): ModelInfo | undefined
  /** The agent that asks, such as `rag`. */
  agent: string
}

/** Sends one request to an embedding model. `inputTokens` is its provider's count, undefined when it did not count. */
export type EmbeddingSender<Vectors> = (signal: AbortSignal) => Promise<{ vectors: Vectors; inputTokens: number | undefined }>

export interface EmbeddingCalls {
  /** Sends one request on the account that it names. Throws ModelError. */
  send<Vectors>(
    call: { request: AccountedRequest; texts: readonly string[]; silentMs: number; signal?: AbortSignal | undefined },
    sender: EmbeddingSender<Vectors>,
  ): Promise<{ vectors: Vectors; inputTokens: number }>
}

/** Makes the calls of one embedding model. Those with an account are recorded in the ledger and bounded by budgets; those without are only observed. */
export function accountEmbeddings(id: string, accounts?: EmbeddingAccounts): EmbeddingCalls {
  return {
    async send({ request, texts, silentMs, signal }, sender) {
      const scope = scopeOf(request, accounts)
      const attempt = await openAttempt({
        kind: 'embedding',
        controls: scope === undefined || accounts === undefined ? {} : controlsOf(id, accounts.controls),
        model: accounts?.modelOf(id) ?? unlisted(id),
        scope: scope ?? nobody,
        content: contentOf(texts),
        wishes: {},
        silence: { firstMs: silentMs, betweenMs: silentMs },
        signal,
      })
      try {
        if (attempt.guard.signal.aborted) throw attempt.guard.signal.reason
        const { vectors, inputTokens } = await sender(attempt.guard.signal)
        if (inputTokens !== undefined) attempt.answer.tokens = { inputTokens, outputTokens: 0 }
        return { vectors, inputTokens: attempt.complete().inputTokens }
      } catch (thrown) {
        throw attempt.fail(thrown)
      }
    },
  }
}

/** Long, because the embedder takes one batch of texts after another, and a request may wait behind many. */
const localSilentMs = 600_000

type LocalEmbedder = { embed(request: EmbedRequest): Promise<Embeddings> }

/**
 * Wraps the embedder of this mesh so that each request is a call, which costs nothing. A request that names no tenant is passed on without one: it comes from
 * another service, which counts the call itself, or asks what the model's vectors are like.
 */
export function accountLocally(calls: EmbeddingCalls, embedder: LocalEmbedder): Pick<RunningEmbedder, 'embed'> {
  return {
    async embed(request) {
      const { texts, purpose, signal } = request
      if (texts.length === 0) return { vectors: [], inputTokens: 0 }
      if (request.scope === undefined && request.tenant === undefined) return embedder.embed({ texts, purpose, signal })
      let knownShare: number | undefined
      const made = await calls.send({ request, texts, silentMs: localSilentMs, signal }, async (guarded) => {
        const embedded = await embedder.embed({ texts, purpose, signal: guarded })
        knownShare = embedded.knownShare
        return embedded
      })
      return { ...made, knownShare }
    },
  }
}

const localProvider = 'local'

/** A model of this mesh costs nothing, and no other process uses it: its calls pass neither budgets nor breakers, so that a search waits for the journal alone. */
function controlsOf(id: string, { ledger, life, unpriced, ...shared }: CallControls): CallControls {
  const own = { ledger, life, unpriced }
  return providerOf(id) === localProvider ? own : { ...own, ...shared }
}

/** The account of calls that are not recorded: one that asks what a model's vectors are like, or one of a service that records calls itself. */
const nobody: CallScope = { tenant: '', agent: '' }

function scopeOf({ scope, tenant }: AccountedRequest, accounts: EmbeddingAccounts | undefined): CallScope | undefined {
  if (scope !== undefined || tenant === undefined || accounts === undefined) return scope
  return { tenant, agent: accounts.agent }
}

function unlisted(id: string): ModelInfo {
  const provider = providerOf(id)
  return provider === localProvider
    ? { id, provider, price: { inputUsd: 0, outputUsd: 0 }, priceKnown: true }
    : { id, provider, priceKnown: false }
}

function contentOf(texts: readonly string[]) {
  const chars = texts.reduce((sum, text) => sum + text.length, 0)
  const inputBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  return {
    isStreamed: false,
    inputTokens: estimateTokens(chars),
    inputBytes,
    answers: texts.length,
    inputText: () => texts.join('\n'),
  }
}
