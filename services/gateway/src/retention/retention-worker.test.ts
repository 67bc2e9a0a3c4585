import { afterEach, expect, it, jest } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { createRetentionWorker, type RetentionWorker } from './retention-worker.ts'
import type { Swept, SweepWish } from './sweep-tenant.ts'

const everyMs = 5
let worker: RetentionWorker | undefined
afterEach(() => worker?.stop())

const nothing: Swept = { removed: { sessions: 0, calls: 0, audit: 0, approvals: 0 }, isMoreDue: false, problem: undefined }

function start(sweep: (wish: SweepWish) => Promise<Swept>, lookEveryMs = everyMs) {
  const warnings: object[] = []
  worker = createRetentionWorker({
    tenants: async () => ['acme', 'keeps-all', 'other'],
    limitsOf: (tenant) => ({ sessions: tenant === 'keeps-all' ? undefined : 30, calls: undefined, audit: undefined }),
    sweep,
    logger: { info: () => undefined, warn: (_message, details) => warnings.push(details ?? {}) },
    everyMs: lookEveryMs,
  })
  worker.start()
  return { warnings, worker }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, everyMs))
}

it('looks again and again at every tenant that keeps something for a time alone', async () => {
  const swept: string[] = []
  start(async ({ tenant }) => {
    swept.push(tenant)
    return nothing
  })
  await until(() => swept.length >= 4)
  expect(swept.slice(0, 4)).toEqual(['acme', 'other', 'acme', 'other'])
})

it('says why what is due stays, until it has gone, and goes on with other tenants', async () => {
  let isFull = true
  const swept: string[] = []
  const { warnings, worker: started } = start(async ({ tenant }) => {
    swept.push(tenant)
    if (tenant === 'acme' && isFull) throw new WeftError('dependency_unavailable', 'the archive takes nothing')
    return nothing
  })
  await until(() => started.problem() !== undefined)
  expect(started.problem()).toBe('the archive takes nothing')
  expect(warnings[0]).toEqual({ tenant: 'acme', cause: 'the archive takes nothing' })
  expect(swept.slice(0, 2)).toEqual(['acme', 'other'])
  isFull = false
  await until(() => started.problem() === undefined)
})

it('goes on soon where a sweep ran out of time, also among those that cannot go, and in an hour where it came to the end', async () => {
  jest.useFakeTimers()
  const looks: number[] = []
  const beganMs = Date.now()
  start(async ({ tenant }) => {
    if (tenant === 'acme') looks.push((Date.now() - beganMs) / 1_000)
    return { ...nothing, isMoreDue: looks.length < 3, problem: looks.length === 1 ? 'no host has them' : undefined }
  }, 3_600_000)
  await jest.advanceTimersByTimeAsync(60_000)
  expect(worker?.problem()).toBe('no host has them')
  await jest.advanceTimersByTimeAsync(3_600_000)
  expect(looks).toEqual([30, 35, 40, 3_640])
  expect(worker?.problem()).toBeUndefined()
  jest.useRealTimers()
})

it('leaves a tenant to the process that is at it', async () => {
  let looks = 0
  const { warnings, worker: started } = start(async () => {
    looks += 1
    throw new WeftError('conflict', 'another process')
  })
  await until(() => looks > 2)
  expect([started.problem(), warnings]).toEqual([undefined, []])
})

it('stops once the batch under way is done', async () => {
  let hasBegun = false
  let isDone = false
  const { worker: started } = start(async ({ signal }) => {
    hasBegun = true
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    await new Promise((resolve) => setTimeout(resolve, everyMs))
    isDone = true
    return nothing
  })
  await until(() => hasBegun)
  await started.stop()
  expect(isDone).toBe(true)
})
