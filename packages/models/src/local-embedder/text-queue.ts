import type { EmbedRequest, Embeddings } from '@weft/contracts'
import { ModelError } from '../model-error.ts'
import { batchTexts } from './batch-texts.ts'

/** How many texts may wait; a request for more is told to try again. */
const waitingMax = 10_000

/** Some texts of one request that are embedded together. */
export type TextBatch = {
  texts: string[]
  purpose: EmbedRequest['purpose']
  /** `vectors` holds those of each text of the batch. */
  done(made: Embeddings): void
  fail(failure: ModelError): void
}

export type TextQueue = {
  /** Throws ModelError `rate_limit_exceeded` when too much waits, `cancelled` when the signal aborts. */
  add(request: EmbedRequest): Promise<Embeddings>
  /** The next batch, with texts of similar length: of a question if one waits, else of documents, unless `onlyQuestions`. */
  next(options?: { onlyQuestions?: boolean }): TextBatch | undefined
  failAll(failure: ModelError): void
}

/** `left`: the texts that are in no batch yet; `missing`: how many texts have no vectors yet. */
type Waiting = {
  request: EmbedRequest
  left: number[]
  missing: number
  done: Embeddings
  settle: PromiseWithResolvers<Embeddings>
}

export function createTextQueue(): TextQueue {
  const waiting: Waiting[] = []

  function leave(entry: Waiting): void {
    const at = waiting.indexOf(entry)
    if (at >= 0) waiting.splice(at, 1)
  }

  function fail(entry: Waiting, failure: ModelError): void {
    leave(entry)
    entry.settle.reject(failure)
  }

  return {
    add(request) {
      const count = waiting.reduce((sum, { missing }) => sum + missing, request.texts.length)
      if (count > waitingMax) return Promise.reject(tooMany())
      if (request.signal?.aborted === true) return Promise.reject(cancelled(request.signal))
      const entry: Waiting = {
        request,
        left: shortestFirst(request.texts),
        missing: request.texts.length,
        done: { vectors: [], inputTokens: 0 },
        settle: Promise.withResolvers(),
      }
      const onAbort = () => fail(entry, cancelled(request.signal))
      request.signal?.addEventListener('abort', onAbort, { once: true })
      waiting.push(entry)
      return entry.settle.promise.finally(() => request.signal?.removeEventListener('abort', onAbort))
    },
    next({ onlyQuestions = false } = {}) {
      const open = waiting.filter(({ left }) => left.length > 0)
      const entry = open.find(({ request }) => request.purpose === 'query') ?? (onlyQuestions ? undefined : open[0])
      if (entry === undefined) return undefined
      const textOf = (index: number) => entry.request.texts[index] ?? ''
      const indexes = entry.left.splice(0, batchTexts(entry.left.map(textOf)))
      return {
        texts: indexes.map(textOf),
        purpose: entry.request.purpose,
        done({ vectors, inputTokens, knownShare }) {
          for (const [row, index] of indexes.entries()) entry.done.vectors[index] = vectors[row] ?? []
          entry.done.inputTokens += inputTokens
          entry.done.knownShare = entry.request.texts.length === 1 ? knownShare : undefined
          entry.missing -= indexes.length
          if (entry.missing > 0) return
          leave(entry)
          entry.settle.resolve(entry.done)
        },
        fail: (failure) => fail(entry, failure),
      }
    },
    failAll(failure) {
      for (const entry of [...waiting]) fail(entry, failure)
    },
  }
}

/** The indexes of texts, the shortest first: every text of a batch takes as long as its longest. */
function shortestFirst(texts: string[]): number[] {
  return texts.map((_, index) => index).toSorted((a, b) => (texts[a]?.length ?? 0) - (texts[b]?.length ?? 0))
}

function tooMany(): ModelError {
  return new ModelError('rate_limit_exceeded', `more than ${waitingMax} texts wait to be embedded: try again later`)
}

function cancelled(signal: AbortSignal | undefined): ModelError {
  return new ModelError('cancelled', 'embedding was cancelled', { cause: signal?.reason })
}
