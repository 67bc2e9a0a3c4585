import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import type { CounterQuestion } from './counter-thread.ts'
import { sampleText } from './sample-text.ts'

/** Counts tokens by OpenAI's encoding o200k_base, in a thread that lives while it is needed. */
export interface TokenCounter {
  /** Tokens of each text; of a long one from samples of it. Undefined when they cannot be had within a few seconds. */
  count(texts: readonly string[]): Promise<number[] | undefined>
  /** Answers what is counted within a second, and everything else with undefined. */
  stop(): Promise<void>
}

export interface TokenCounterOptions {
  /** Default 256: about 13 MB of samples at most. */
  waitingMax?: number
  /** How long whoever asks waits. Default 5 s: on a busy machine the vocabulary alone takes one to read. */
  patienceMs?: number
  /** How long the thread, with 70 MB of vocabulary, stays without work. Default 60 s. */
  idleMs?: number
}

const Answer = z.object({ id: z.number(), tokens: z.array(z.number()) })

const stopWithinMs = 1_000

interface Asked {
  settled: Promise<unknown>
  resolve(tokens: number[] | undefined): void
  scales: number[]
  timer: NodeJS.Timeout
}

export function createTokenCounter({
  waitingMax = 256,
  patienceMs = 5_000,
  idleMs = 60_000,
}: TokenCounterOptions = {}): TokenCounter {
  const waiting = new Map<number, Asked>()
  let thread: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let lastId = 0
  /** Questions that the thread has still to answer, whether or not anybody waits for them. */
  let unanswered = 0
  let isStopped = false

  function answer(id: number, tokens: number[] | undefined): void {
    const asked = waiting.get(id)
    if (asked === undefined) return
    waiting.delete(id)
    clearTimeout(asked.timer)
    asked.resolve(tokens?.map((count, index) => Math.ceil(count * (asked.scales[index] ?? 1))))
    if (waiting.size === 0) idle = setTimeout(end, idleMs).unref()
  }

  /** The next thread is started when it is needed. */
  function end(): Promise<unknown> {
    const ending = thread?.terminate()
    thread = undefined
    unanswered = 0
    for (const id of [...waiting.keys()]) answer(id, undefined)
    clearTimeout(idle)
    return Promise.resolve(ending)
  }

  function start(): Worker {
    const started = new Worker(new URL('./counter-thread.ts', import.meta.url), { stdout: true, stderr: true })
    started.unref()
    started.on('message', (message: unknown) => {
      if (thread !== started) return
      const { id, tokens } = Answer.parse(message)
      unanswered -= 1
      answer(id, tokens)
    })
    started.once('error', () => {
      if (thread === started) void end()
    })
    return started
  }

  return {
    count(texts) {
      if (isStopped || unanswered >= waitingMax) return Promise.resolve(undefined)
      clearTimeout(idle)
      thread ??= start()
      const samples = texts.map(sampleText)
      const id = ++lastId
      const { promise, resolve } = Promise.withResolvers<number[] | undefined>()
      const timer = setTimeout(() => answer(id, undefined), patienceMs).unref()
      waiting.set(id, { settled: promise, resolve, scales: samples.map(({ scale }) => scale), timer })
      unanswered += 1
      thread.postMessage({ id, texts: samples.map(({ pieces }) => pieces) } satisfies CounterQuestion)
      return promise
    },
    async stop() {
      isStopped = true
      const counted = Promise.all([...waiting.values()].map(({ settled }) => settled))
      await Promise.race([counted, sleep(stopWithinMs, undefined, { ref: false })])
      await end()
    },
  }
}
