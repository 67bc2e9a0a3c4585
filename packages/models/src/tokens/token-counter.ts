import { z } from 'zod'
import { createAskedThread } from '../threads/asked-thread.ts'
import { sampleText } from './sample-text.ts'

/** Counts tokens by OpenAI's encoding o200k_base, in a thread of its own. */
export interface TokenCounter {
  /** The tokens of each text; those of a long text are estimated from samples. Undefined when they cannot be counted in time. */
  count(texts: readonly string[]): Promise<number[] | undefined>
  /** Waits a second for open counts, then answers them with undefined. */
  stop(): Promise<void>
}

export interface TokenCounterOptions {
  /** How many counts may wait; default 256, with about 13 MB of samples at most. */
  waitingMax?: number
  /** How long a count is waited for; default 5,000: on a busy machine it takes a second only to read the vocabulary. */
  patienceMs?: number
  /** How long the thread, with 70 MB of vocabulary, stays when it has no work; default 60,000. */
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
    // Not needed: every count ends.
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
