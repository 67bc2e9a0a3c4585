import { z } from 'zod'
import { createAskedThread } from '../threads/asked-thread.ts'
import { sampleText } from './sample-text.ts'

/** Counts tokens by OpenAI's encoding o200k_base, in a thread of its own. */
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

export function createTokenCounter({
  waitingMax = 256,
  patienceMs = 5_000,
  idleMs = 60_000,
}: TokenCounterOptions = {}): TokenCounter {
  const module = new URL('./counter-thread.ts', import.meta.url)
  const thread = createAskedThread<string[][], number[]>({
    module,
    answer: z.array(z.number()),
    waitingMax,
    patienceMs,
    idleMs,
    // A count has an end.
    endsWhenLate: false,
  })
  return {
    async count(texts) {
      const samples = texts.map(sampleText)
      const tokens = await thread.ask(samples.map(({ pieces }) => pieces))
      return tokens?.map((count, index) => Math.ceil(count * (samples[index]?.scale ?? 1)))
    },
    stop: thread.stop,
  }
}
