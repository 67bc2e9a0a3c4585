import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { IngestionJob } from '@weft/retrieval'
import { createIngestionWorker, type IngestionWorker, type IngestionWorkerOptions } from './ingestion-worker.ts'

const logger = { info: () => undefined, warn: () => undefined }
let worker: IngestionWorker | undefined

afterEach(() => worker?.stop())

describe('createIngestionWorker', () => {
  it('indexes everything that waited when it starts', async () => {
    const waiting = jobs(30)
    const { done } = run({ listJobs: async () => [...waiting], onIngest: (job) => waiting.splice(waiting.indexOf(job), 1) })
    await until(() => done.length === 30)
    expect(new Set(done.map(({ fileId }) => fileId)).size).toBe(30)
  })

  it('never works on more files at once than it may', async () => {
    let running = 0
    let most = 0
    const waiting = jobs(12)
    const { done } = run({
      listJobs: async () => [...waiting],
      concurrency: 3,
      async ingest(job) {
        most = Math.max(most, ++running)
        await sleep(5)
        running--
        waiting.splice(waiting.indexOf(job), 1)
        done.push(job)
        return { status: 'completed', chunks: 1 }
      },
    })
    await until(() => done.length === 12)
    expect(most).toBe(3)
  })

  it('goes on when a file fails, and tries that file again at the next scan', async () => {
    const waiting = jobs(3)
    let failures = 0
    const { done } = run({
      listJobs: async () => [...waiting],
      scanIntervalMs: 50,
      onIngest(job) {
        if (job.fileId === 'file_1' && failures++ === 0) throw new Error('the database went away')
        waiting.splice(waiting.indexOf(job), 1)
      },
    })
    await until(() => done.length === 3)
    expect(failures).toBe(2)
  })

  it('does not turn a failing file over faster than it scans', async () => {
    let tries = 0
    run({
      listJobs: async () => jobs(1),
      onIngest() {
        tries++
        throw new Error('no')
      },
    })
    await sleep(100)
    expect(tries).toBe(1)
  })

  it('takes a hint at once, and each file only once at a time', async () => {
    const [job] = jobs(1)
    if (job === undefined) throw new Error('no job')
    const gate = Promise.withResolvers<void>()
    const started: IngestionJob[] = []
    run({
      listJobs: async () => [],
      async ingest(each) {
        started.push(each)
        await gate.promise
        return { status: 'completed', chunks: 1 }
      },
    })
    for (let hints = 0; hints < 5; hints++) worker?.hint(job)
    await sleep(10)
    expect(started).toEqual([job])
    gate.resolve()
  })

  it('does small files many at a time, and alone only those that could not be done so', async () => {
    const waiting = jobs(200)
    const together: number[] = []
    const { done } = run({
      listJobs: async () => [...waiting],
      async ingestSmall(given) {
        together.push(given.length)
        const small = given.filter(({ fileId }) => fileId !== 'file_7' && fileId !== 'file_150')
        for (const job of small) waiting.splice(waiting.indexOf(job), 1)
        return new Map(small.map((job) => [job, { status: 'completed', chunks: 1 }]))
      },
      onIngest: (job) => waiting.splice(waiting.indexOf(job), 1),
    })
    await until(() => waiting.length === 0)
    expect(done.map(({ fileId }) => fileId)).toEqual(['file_7', 'file_150'])
    expect(Math.max(...together)).toBe(64)
  })

  it('takes all files of one hint together', async () => {
    const together: number[] = []
    run({
      listJobs: async () => [],
      async ingestSmall(given) {
        together.push(given.length)
        return new Map(given.map((job) => [job, { status: 'completed', chunks: 1 }]))
      },
    })
    await sleep(10)
    for (const job of jobs(40)) worker?.hint(job)
    await until(() => together.length > 0)
    expect(together).toEqual([40])
  })

  it('takes the file of one tenant among the first, although another has brought more than fit into memory', async () => {
    const waiting = jobs(600)
    const quiet = { tenant: 'quiet', vectorStoreId: 'vs_2', fileId: 'file_q' }
    const { done } = run({ listJobs: async () => [...waiting], concurrency: 1, ingest: (job) => sleep(1).then(() => end(job)) })
    function end(job: IngestionJob) {
      if (job !== quiet) waiting.splice(waiting.indexOf(job), 1)
      done.push(job)
      return { status: 'completed' as const, chunks: 1 }
    }
    await until(() => done.length >= 5)
    const before = done.length
    worker?.hint(quiet)
    await until(() => done.includes(quiet) || waiting.length === 0)
    expect(done.slice(before, before + 100)).toContain(quiet)
  })

  it('outlives a database that cannot be asked', async () => {
    let asked = 0
    const waiting = jobs(1)
    const { done } = run({
      scanIntervalMs: 20,
      async listJobs() {
        if (asked++ < 3) throw new Error('not reachable')
        return [...waiting]
      },
      onIngest: () => waiting.splice(0),
    })
    await until(() => done.length === 1)
    expect(asked).toBeGreaterThanOrEqual(4)
  })

  it('tells a running file to stop, and ends with it', async () => {
    let wasStopped = false
    run({
      listJobs: async () => jobs(5),
      concurrency: 1,
      async ingest(_, signal) {
        await sleep(10_000, undefined, { signal }).catch(() => {
          wasStopped = true
        })
        throw signal.reason
      },
    })
    await sleep(20)
    await worker?.stop()
    expect(wasStopped).toBe(true)
  })
})

type Given = Partial<IngestionWorkerOptions> &
  Pick<IngestionWorkerOptions, 'listJobs'> & { onIngest?(job: IngestionJob): unknown }

function run(given: Given) {
  const done: IngestionJob[] = []
  worker = createIngestionWorker({
    logger,
    concurrency: 2,
    ingestSmall: async () => new Map(),
    async ingest(job) {
      given.onIngest?.(job)
      done.push(job)
      return { status: 'completed', chunks: 1 }
    },
    ...given,
  })
  worker.start()
  return { done }
}

function jobs(count: number): IngestionJob[] {
  return Array.from({ length: count }, (_, number) => ({ tenant: 't', vectorStoreId: 'vs_1', fileId: `file_${number}` }))
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}
