import { types } from 'node:util'
import { SHARE_ENV, Worker } from 'node:worker_threads'
import { z } from 'zod'
import type { lastWord, ThreadAnswer, ThreadData, ThreadQuestion } from './embedder-thread.ts'

export type EmbedderThread = {
  /** Throws when the thread fails or ends. */
  embed(question: Omit<ThreadQuestion, 'id'>): Promise<ThreadAnswer>
  hasEnded(): boolean
  /** Resolves when the thread has ended, after the run of the model that is under way. */
  stop(): Promise<void>
}

const Answer = z.union([
  z.object({
    id: z.number(),
    vectors: z.custom<Float32Array>(types.isFloat32Array),
    parts: z.array(z.number()),
    inputTokens: z.number(),
    knownShare: z.number().optional(),
  }),
  z.object({ id: z.number(), message: z.string() }),
])

type Pending = PromiseWithResolvers<ThreadAnswer>

/** Bounds the thread's young generation, which would otherwise grow as large as the service's: the model lies outside of its heap. */
const youngMbMax = 6

/** A run of the model takes well under a second, so a thread that has not ended by then hangs, and is terminated. */
const stopMs = 30_000

/** Starts the thread that holds the model. What is asked before it is ready waits for it. */
export function startEmbedderThread(data: ThreadData): EmbedderThread {
  const worker = new Worker(new URL('./embedder-thread.ts', import.meta.url), {
    workerData: data,
    env: SHARE_ENV,
    resourceLimits: { maxYoungGenerationSizeMb: youngMbMax },
    stdout: true,
    stderr: true,
  })
  worker.unref()
  const pending = new Map<number, Pending>()
  let lastId = 0
  let isEnded = false

  const failAll = (cause: Error) => {
    isEnded = true
    for (const { reject } of pending.values()) reject(cause)
    pending.clear()
  }
  worker.on('message', (message: unknown) => {
    const answer = Answer.parse(message)
    const asked = pending.get(answer.id)
    pending.delete(answer.id)
    if ('message' in answer) asked?.reject(new Error(answer.message))
    else asked?.resolve(answer)
  })
  worker.once('error', (cause) => failAll(cause instanceof Error ? cause : new Error(String(cause))))
  worker.once('exit', () => failAll(new Error('its thread ended')))

  return {
    embed(question) {
      if (isEnded) return Promise.reject(new Error('its thread ended'))
      const asked: Pending = Promise.withResolvers()
      const id = ++lastId
      pending.set(id, asked)
      worker.postMessage({ id, ...question } satisfies ThreadQuestion)
      return asked.promise
    },
    hasEnded: () => isEnded,
    async stop() {
      if (isEnded) return
      const exit = new Promise((resolve) => worker.once('exit', resolve))
      worker.ref()
      worker.postMessage('end' satisfies typeof lastWord)
      const timer = setTimeout(() => void worker.terminate(), stopMs)
      await exit
      clearTimeout(timer)
    },
  }
}
