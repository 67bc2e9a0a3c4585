import { afterEach, expect, it } from '@jest/globals'
import { createEmbeddingWorker, type EmbeddingWorker } from './embedding-worker.ts'

let worker: EmbeddingWorker
const warnings: string[] = []
const logger = { info: () => undefined, warn: (message: string) => void warnings.push(message) }
const round = (embedded: number) => ({ embedded, copied: 0, completedFiles: 0 })

afterEach(() => worker.stop())

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1))
}

it('goes on round after round until nothing waits, and again after a hint', async () => {
  const left = [3, 2, 0, 1, 0]
  let rounds = 0
  const embed = () => {
    rounds++
    return Promise.resolve(round(left.shift() ?? 0))
  }
  worker = createEmbeddingWorker({ activate: () => Promise.resolve(), embed, logger })
  worker.start()
  await until(() => rounds === 3)
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(rounds).toBe(3)
  worker.hint()
  await until(() => rounds === 5)
})

it('looks once more when a hint came during the last round', async () => {
  let rounds = 0
  const embed = () => {
    if (++rounds === 1) worker.hint()
    return Promise.resolve(round(0))
  }
  worker = createEmbeddingWorker({ activate: () => Promise.resolve(), embed, logger })
  worker.start()
  await until(() => rounds === 2)
})

it('says what failed, rests, and tries again, beginning with the model', async () => {
  let activations = 0
  let rounds = 0
  const activate = () => (++activations === 1 ? Promise.reject(new Error('another model')) : Promise.resolve())
  const embed = () => (++rounds === 1 ? Promise.reject(new Error('out of order')) : Promise.resolve(round(0)))
  worker = createEmbeddingWorker({ activate, embed, logger, scanIntervalMs: 2, restMs: 1 })
  worker.start()
  await until(() => rounds > 1)
  expect(activations).toBe(2)
  expect(warnings).toEqual(['chunks have no vectors yet', 'chunks have no vectors yet'])
})

it('a hint that comes while it rests from a failure is heard after the rest', async () => {
  let activations = 0
  const activate = () => (++activations === 1 ? Promise.reject(new Error('no tables yet')) : Promise.resolve())
  worker = createEmbeddingWorker({ activate, embed: () => Promise.resolve(round(0)), logger, restMs: 20 })
  worker.start()
  await until(() => worker.failure() !== undefined)
  worker.hint()
  await until(() => activations === 2)
})

it('tells what keeps vectors from being made until some are', async () => {
  const answers = [() => Promise.reject(new Error('out of order')), async () => round(0), async () => round(1)]
  let rounds = 0
  worker = createEmbeddingWorker({ embed: () => (answers[rounds++] ?? (async () => round(0)))(), logger, restMs: 1 })
  const failures: (string | undefined)[] = []
  for (let wanted = 1; wanted <= answers.length; wanted++) {
    while (rounds < wanted) {
      worker.hint()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    failures.push(worker.failure())
  }
  expect(failures).toEqual(['out of order', 'out of order', undefined])
})

it('tells that chunks wait for a budget', async () => {
  const rounds = [{ ...round(0), held: 3 }]
  worker = createEmbeddingWorker({ embed: () => Promise.resolve(rounds.shift() ?? round(0)), logger })
  worker.start()
  await until(() => worker.failure() !== undefined)
  expect(worker.failure()).toContain('budget')
})

it('stops in the middle of a round', async () => {
  const embed = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  worker = createEmbeddingWorker({ activate: () => Promise.resolve(), embed, logger })
  worker.start()
  await new Promise((resolve) => setTimeout(resolve, 2))
  await worker.stop()
})

it('has several rounds under way, asks for the model once, and begins a lane anew when it is woken', async () => {
  let activations = 0
  let left = 5
  let underWay = 0
  let most = 0
  const embed = async () => {
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise((resolve) => setTimeout(resolve, 2))
    underWay -= 1
    return round(left-- > 0 ? 1 : 0)
  }
  const activate = () => {
    activations += 1
    return Promise.resolve()
  }
  worker = createEmbeddingWorker({ activate, embed, logger, lanes: 2 })
  worker.start()
  await until(() => left < 0 && underWay === 0)
  most = 0
  left = 4
  worker.hint()
  await until(() => left < 0 && underWay === 0)
  expect([most, activations]).toEqual([2, 1])
})
