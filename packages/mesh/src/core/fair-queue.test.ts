import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createFairQueue } from './fair-queue.ts'

const limits = { perTenantMax: 1_000, totalMax: 5_000, quantum: 100 }

function served(costs: Record<string, number[]>, times: number): Record<string, number> {
  const queue = createFairQueue<number>(limits)
  for (const [tenant, each] of Object.entries(costs)) for (const cost of each) queue.add({ tenant, cost, item: cost })
  const spent: Record<string, number> = {}
  for (let taken = 0; taken < times; taken++) {
    const next = queue.take()
    if (next !== undefined) spent[next.tenant] = (spent[next.tenant] ?? 0) + next.cost
  }
  return spent
}

describe('a queue that is fair to tenants', () => {
  it('serves one who comes late next to one who fills it', () => {
    const queue = createFairQueue<string>(limits)
    for (let noisy = 0; noisy < 500; noisy++) queue.add({ tenant: 'noisy', cost: 10, item: `noisy ${noisy}` })
    for (let taken = 0; taken < 20; taken++) queue.take()
    queue.add({ tenant: 'quiet', cost: 10, item: 'quiet' })
    const next = Array.from({ length: 12 }, () => queue.take()?.item)
    expect(next).toContain('quiet')
  })

  it('gives each the same worth, not the same number', () => {
    const spent = served({ large: Array.from({ length: 100 }, () => 100), small: Array.from({ length: 1_000 }, () => 10) }, 220)
    expect((spent.large ?? 0) / (spent.small ?? 1)).toBeCloseTo(1, 0)
  })

  it('keeps the order within a tenant, and takes back what waits no longer', () => {
    const queue = createFairQueue<number>(limits)
    const all = [1, 2, 3].map((item) => ({ tenant: 'a', cost: 1, item }))
    for (const each of all) queue.add(each)
    if (all[1] !== undefined) queue.remove(all[1])
    expect([queue.take()?.item, queue.take()?.item, queue.take()]).toEqual([1, 3, undefined])
    expect(queue.size()).toBe(0)
  })

  it('takes no more than it may, of one tenant and of all', () => {
    const queue = createFairQueue<number>({ ...limits, perTenantMax: 2, totalMax: 3 })
    const add = (tenant: string) => queue.add({ tenant, cost: 1, item: 0 })
    expect([add('a'), add('a'), add('a'), add('b'), add('b')]).toEqual([true, true, false, true, false])
  })

  it('serves of one tenant the lowest rank first, and of equal ones whoever came first', () => {
    const queue = createFairQueue<string>(limits)
    for (const [rank, item] of [
      [3, 'c'],
      [1, 'a'],
      [3, 'd'],
      [2, 'b'],
    ] as const)
      queue.add({ tenant: 't', cost: 1, rank, item })
    expect(Array.from({ length: 4 }, () => queue.take()?.item)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('passes over tenants that may not be served now', () => {
    const queue = createFairQueue<number>(limits)
    queue.add({ tenant: 'a', cost: 1, item: 1 })
    queue.add({ tenant: 'b', cost: 1, item: 2 })
    expect(queue.take((tenant) => tenant === 'b')?.item).toBe(2)
    expect(queue.take((tenant) => tenant === 'b')).toBeUndefined()
  })
})

it('never lets a waiting tenant fall behind another by more than a turn and the dearest item', () => {
  const costs = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 60, maxLength: 60 })
  fc.assert(
    fc.property(costs, costs, fc.integer({ min: 2, max: 50 }), (a, b, times) => {
      const spent = served({ a, b }, times)
      expect(Math.abs((spent.a ?? 0) - (spent.b ?? 0))).toBeLessThanOrEqual(limits.quantum + 2 * 300)
    }),
  )
})
