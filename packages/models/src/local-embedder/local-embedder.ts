import { availableParallelism } from 'node:os'
import { type EmbeddingModel, errorMessage } from '@weft/contracts'
import type { RunningEmbedder } from '../embeddings/embedder.ts'
import { ModelError } from '../model-error.ts'
import { type EmbedderThread, startEmbedderThread } from './ask-thread.ts'
import type { ThreadAnswer } from './embedder-thread.ts'
import { createTextQueue, type TextBatch } from './text-queue.ts'

export type LocalEmbedderOptions = {
  /** Holds `model.onnx`, `tokenizer.json` and `tokenizer_config.json`, as `buildModel` leaves them. */
  folder: string
  /** How many processor cores a batch may take; a short question takes one. Default: all, 4 at most. */
  threads?: number
  /** How long the model stays in memory without being used; default 600,000. */
  idleMs?: number
  /** The model in the folder; default {@link localEmbeddingModel}. */
  model?: EmbeddingModel
}

/** 384 dimensions and 256 tokens: the model card of sentence-transformers/all-MiniLM-L6-v2. */
export const localEmbeddingModel: EmbeddingModel = {
  id: 'local/all-MiniLM-L6-v2',
  dimensions: 384,
  isNormalised: true,
  inputTokensMax: 256,
}

/** Enough for a chunk of the largest size that a client may ask for, 4,096 tokens, to be seen whole. */
const documentPartsMax = 17

/** How many batches the thread is given at once: the next one is there when one is done. */
const batchesMax = 2

/** More threads gain little on texts this short. */
const threadsMax = 4

/**
 * Runs all-MiniLM-L6-v2 in a thread of this process. It is loaded with the first text, which takes about half a second. Texts are embedded batch by batch, and
 * questions before documents, so that a question waits for a few texts at most. Nothing is sent anywhere. Throws ModelError: `rate_limit_exceeded` when too much
 * waits, `cancelled` when the signal aborts, `upstream_error` when the model cannot be loaded or run.
 */
export function createLocalEmbedder(options: LocalEmbedderOptions): RunningEmbedder {
  const { folder, idleMs = 600_000, model = localEmbeddingModel } = options
  const threads = options.threads ?? Math.min(threadsMax, availableParallelism())
  const queue = createTextQueue()
  let thread: EmbedderThread | undefined
  let batches = 0
  let isStopped = false
  let idle: NodeJS.Timeout | undefined

  function work(): void {
    clearTimeout(idle)
    for (;;) {
      const batch = queue.next({ onlyQuestions: batches >= batchesMax })
      if (batch === undefined) break
      batches += 1
      void embedBatch(batch).then(() => {
        batches -= 1
        work()
      })
    }
    if (batches === 0) idle = setTimeout(() => void leaveMemory(), idleMs).unref()
  }

  async function embedBatch(batch: TextBatch): Promise<void> {
    try {
      thread ??= startEmbedderThread({ folder, inputTokensMax: model.inputTokensMax, threads })
      const isUrgent = batch.purpose === 'query'
      const answer = await thread.embed({ texts: batch.texts, partsMax: isUrgent ? 1 : documentPartsMax, isUrgent })
      batch.done({ ...answer, vectors: vectorsOf(answer, model.dimensions) })
    } catch (cause) {
      if (thread?.hasEnded() === true) thread = undefined
      batch.fail(failed(cause))
    }
  }

  async function leaveMemory(): Promise<void> {
    const left = thread
    thread = undefined
    await left?.stop()
  }

  return {
    id: model.id,
    describe: () => Promise.resolve(model),
    embed(request) {
      if (isStopped) return Promise.reject(failed('it was stopped'))
      if (request.texts.length === 0) return Promise.resolve({ vectors: [], inputTokens: 0 })
      const answer = queue.add(request)
      work()
      return answer
    },
    async stop() {
      isStopped = true
      clearTimeout(idle)
      queue.failAll(failed('it was stopped'))
      await leaveMemory()
    },
  }
}

/** The vectors of each text. */
function vectorsOf({ vectors, parts }: ThreadAnswer, dimensions: number): Float32Array[][] {
  let row = 0
  return parts.map((count) => Array.from({ length: count }, () => vectors.subarray(row * dimensions, ++row * dimensions)))
}

function failed(cause: unknown): ModelError {
  const reason = errorMessage(cause)
  return new ModelError('upstream_error', `the local embedding model cannot be used: ${reason}`, { cause, isRetryable: true })
}
