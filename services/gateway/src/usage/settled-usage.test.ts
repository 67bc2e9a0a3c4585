import { expect, it } from '@jest/globals'
import { settledUsage } from './settled-usage.ts'
import type { UsageStore } from './usage-store.ts'

it('a report holds the calls that this gateway has made and ended', async () => {
  let stored = 0
  const calls = { kept: 0 }
  const usage: UsageStore = {
    sum: async () => ({ lines: [], hasMore: calls.kept === 0 }),
    calls: async () => ({ data: [], hasMore: calls.kept === 1 }),
    find: async () => undefined,
    removedUntil: async () => undefined,
  }
  const flush = async () => {
    await Promise.resolve()
    calls.kept = stored
  }
  const settled = settledUsage(usage, { flush })
  const range = { tenant: 'acme', fromMs: 0, toMs: 1 }
  stored = 1
  expect(await settled.sum({ ...range, groupBy: [], limit: 1 })).toEqual({ lines: [], hasMore: false })
  stored = 2
  expect(await settled.calls({ ...range, limit: 1 })).toEqual({ data: [], hasMore: false })
  stored = 3
  await settled.find({ tenant: 'acme', id: 'call_1' })
  expect(calls.kept).toBe(3)
})
