import { expect, it } from '@jest/globals'
import { createPartCosts } from './part-costs.ts'
import { createSearchBudget, type SearchPart } from './search-budget.ts'

const usual: Record<string, number> = { vectors: 20, hops: 60, rerank: 200 }

/** A budget whose parts have been taking their usual time, on a clock that only `work` moves. */
function open(budgetMs: number | undefined, parts: SearchPart[] = ['vectors', 'hops', 'rerank']) {
  let nowMs = 0
  const costs = createPartCosts(() => nowMs)
  for (const [part, ms] of Object.entries(usual)) costs.note(part, ms)
  const wanted = Object.fromEntries(parts.map((part) => [part, part]))
  const budget = createSearchBudget({ budgetMs, wanted, costs, nowMs: () => nowMs })
  const work = (part: SearchPart, ms = usual[part] ?? 0) =>
    budget.spend(part, async () => {
      nowMs += ms
      return part
    })
  return { budget, costs, work }
}

it('does everything when nothing is said of time, or there is enough of it', async () => {
  for (const budgetMs of [undefined, 300]) {
    const { work, budget } = open(budgetMs)
    expect([await work('vectors'), await work('hops'), await work('rerank')]).toEqual(['vectors', 'hops', 'rerank'])
    expect(budget.skipped).toEqual([])
  }
})

it('keeps the time of parts that bring more: hops are left out before the reranking that comes after them', async () => {
  const { work, budget } = open(250)
  expect([await work('vectors'), await work('hops'), await work('rerank')]).toEqual(['vectors', undefined, 'rerank'])
  expect(budget.skipped).toEqual(['hops: it takes about 60 ms, and of 250 ms there are 30 left for it'])
})

it('leaves out what does not fit and still does what does', async () => {
  const { work, budget } = open(100, ['vectors', 'rerank'])
  expect([await work('vectors'), await work('rerank')]).toEqual(['vectors', undefined])
  expect(budget.skipped).toEqual(['rerank: it takes about 200 ms, and of 100 ms there are 80 left for it'])
})

it('leaves out all but words when there is hardly any time', async () => {
  const { work, budget } = open(5)
  expect([await work('vectors'), await work('hops'), await work('rerank')]).toEqual([undefined, undefined, undefined])
  expect(budget.skipped.map((reason) => reason.split(':')[0])).toEqual(['vectors', 'hops', 'rerank'])
})

it('gives up on what takes longer than it usually does, tells it to stop, and remembers', async () => {
  const { budget, costs } = open(25, ['vectors'])
  const stopped = Promise.withResolvers<string>()
  const slow = budget.spend('vectors', (signal) => {
    signal.addEventListener('abort', () => stopped.resolve('stopped'))
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('nobody hears this'))))
  })
  expect(await slow).toBeUndefined()
  expect(await stopped.promise).toBe('stopped')
  expect(budget.skipped).toEqual(['vectors: it was not done within the 25 ms left for it'])
  expect(costs.estimateMs('vectors')).toBe(20 * 0.8 + 50 * 0.2)
})

it('does not take what a part needed to stop for what it needs', async () => {
  const { budget, costs } = open(25, ['vectors'])
  const stopped = budget.spend(
    'vectors',
    (signal) => new Promise((resolve) => signal.addEventListener('abort', () => setTimeout(() => resolve('stopped'), 5))),
  )
  expect(await stopped).toBeUndefined()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(costs.estimateMs('vectors')).toBe(20 * 0.8 + 50 * 0.2)
})

it('hands on what a part throws', async () => {
  await expect(open(300).budget.spend('vectors', () => Promise.reject(new Error('no database')))).rejects.toThrow('no database')
})
