import { afterEach, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { createRetentionWorker, type RetentionWorker } from './retention-worker.ts'
import type { Swept, SweepWish } from './sweep-tenant.ts'

const everyMs = 5
let worker: RetentionWorker | undefined
afterEach(() => worker?.stop())

const nothing: Swept = { removed: { sessions: 0, calls: 0, audit: 0, approvals: 0 }, isMoreDue: false, problem: undefined }

function start(sweep: (wish: SweepWish) => Promise<Swept>) {
  const warnings: object[] = []
  worker = createRetentionWorker({
    tenants: async () => ['acme', 'keeps-all', 'other'],
    limitsOf: (tenant) => ({ sessions: tenant === 'keeps-all' ? undefined : 30, calls: undefined, audit: undefined }),
    sweep,
    logger: { info: () => undefined, warn: (_message, details) => warnings.push(details ?? {}) },
    everyMs,
  })
  worker.start()
  return { warnings, worker }
}

const aMoment = () => new Promise((resolve) => setTimeout(resolve, 40))

it('looks again and again at every tenant that keeps something for a time alone', async () => {
  const swept: string[] = []
  start(async ({ tenant }) => {
    swept.push(tenant)
    return nothing
  })
  await aMoment()
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
  await aMoment()
  expect(started.problem()).toBe('the archive takes nothing')
  expect(warnings[0]).toEqual({ tenant: 'acme', cause: 'the archive takes nothing' })
  expect(swept.slice(0, 2)).toEqual(['acme', 'other'])
  isFull = false
  await aMoment()
  expect(started.problem()).toBeUndefined()
})

it('leaves a tenant to the process that is at it', async () => {
  const { warnings, worker: started } = start(async () => Promise.reject(new WeftError('conflict', 'another process')))
  await aMoment()
  expect([started.problem(), warnings]).toEqual([undefined, []])
})

it('stops once the batch under way is done', async () => {
  let isDone = false
  const { worker: started } = start(async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    await aMoment()
    isDone = true
    return nothing
  })
  await aMoment()
  await started.stop()
  expect(isDone).toBe(true)
})
