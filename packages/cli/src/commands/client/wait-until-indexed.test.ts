import { expect, it } from '@jest/globals'
import type { VectorProgress } from './knowledge-api.ts'
import { createMemoryKnowledge } from './testing/memory-knowledge.ts'
import { waitUntilIndexed } from './wait-until-indexed.ts'

const awaited = new Map([['file_1', 'a.md']])
const counts = (inProgress: number) => ({ inProgress, completed: 1 - inProgress, failed: 0, total: 1 })

/** A server whose one file is done after so many seconds, each count taking a moment of it. */
async function wait(server: {
  doneAfterSeconds: number
  countTakesMs?: number
  /** How long the count takes that is under way at the first second. */
  slowCountMs?: number
  progress(second: number): VectorProgress | undefined
}) {
  let nowMs = 0
  const shown: string[] = []
  const countedAtMs: number[] = []
  const knowledge = {
    ...createMemoryKnowledge(),
    countFiles: async () => {
      const isSlow = nowMs >= 1_000 && (countedAtMs.at(-1) ?? 0) < 1_000
      countedAtMs.push(nowMs)
      nowMs += (isSlow ? server.slowCountMs : undefined) ?? server.countTakesMs ?? 5
      return counts(nowMs < server.doneAfterSeconds * 1_000 ? 1 : 0)
    },
    listInProgress: async () => ['file_1'],
    readVectorProgress: async () => server.progress(nowMs / 1_000),
  }
  const tools = {
    knowledge,
    terminal: { showProgress: (line: string) => void shown.push(line) },
    now: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms
    },
  }
  const ended = await waitUntilIndexed(awaited, { storeId: 'vs_1', tools }).then(
    () => undefined,
    (thrown: Error) => thrown,
  )
  return { ended, seconds: nowMs / 1_000, shown, countedAtMs }
}

it('waits on for as long as vectors are made of a large file', async () => {
  const { ended, seconds } = await wait({
    doneAfterSeconds: 5_000,
    progress: (second) => ({ waiting: 10_000 - Math.floor(second), failure: undefined }),
  })
  expect(ended).toBeUndefined()
  expect(seconds).toBeGreaterThanOrEqual(5_000)
})

it('gives up after ten minutes in which nothing moves, and says where to look', async () => {
  const { ended, seconds } = await wait({ doneAfterSeconds: 5_000, progress: () => undefined })
  expect(ended?.message).toMatch(/nothing for 10 minutes: .*weft embeddings status/)
  expect(seconds).toBeLessThan(700)
})

it('names the embedding model that does not answer while it waits, and what to do once it gives up', async () => {
  const failure = 'openai/words makes no vectors: openai at http://127.0.0.1:9/v1 is not reachable'
  const { ended, seconds, shown } = await wait({ doneAfterSeconds: 5_000, progress: () => ({ waiting: 0, failure }) })
  expect(shown.at(-1)).toContain(failure)
  expect(ended?.message).toContain(failure)
  expect(ended?.message).toContain('WEFT_EMBEDDER')
  expect(seconds).toBeLessThan(200)
})

it('goes on with a model that fails now and then and makes vectors all the same', async () => {
  const { ended } = await wait({
    doneAfterSeconds: 900,
    progress: (second) => ({ waiting: 10_000 - Math.floor(second), failure: 'too many requests' }),
  })
  expect(ended).toBeUndefined()
})

it('ends soon after what it waits for, and counts seldom what takes long to count', async () => {
  expect((await wait({ doneAfterSeconds: 3, progress: () => undefined })).seconds).toBeLessThan(3.2)
  const slow = await wait({ doneAfterSeconds: 60, countTakesMs: 200, progress: () => undefined })
  expect(slow.countedAtMs.length * 0.2).toBeLessThanOrEqual(0.04 * 60)
})

it('ends soon after what it waits for although one count was held up by something else', async () => {
  const { seconds } = await wait({ doneAfterSeconds: 5, slowCountMs: 2_000, progress: () => undefined })
  expect(seconds).toBeLessThan(5.3)
})
