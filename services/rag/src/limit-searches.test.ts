import { describe, expect, it } from '@jest/globals'
import type { Search } from './create-search.ts'
import { limitSearches } from './limit-searches.ts'

const scope = { tenant: 'default', agent: 'rag' }
const asked = (query: string, latencyBudgetMs?: number, tenant = 'default') => ({
  ...{ tenant, vectorStoreIds: ['vs_1'], query, maxResults: 3 },
  ...(latencyBudgetMs === undefined ? {} : { options: { mode: 'hybrid' as const, latencyBudgetMs } }),
})

/** Searches that end when they are told to; `begun` are their queries and budgets, in order. */
function scripted() {
  const begun: [query: string, budgetMs: number | undefined][] = []
  const ends: (() => void)[] = []
  const search: Search = ({ query, options }) => {
    begun.push([query, options?.latencyBudgetMs])
    return new Promise((resolve) => ends.push(() => resolve({ results: [], skipped: [] })))
  }
  return { search, begun, endNext: () => ends.shift()?.() }
}

describe('more searches than may be searched at once', () => {
  it('wait for those before them, in the order asked', async () => {
    const { search, begun, endNext } = scripted()
    const limited = limitSearches(search, { atOnceMax: 2 })
    const answers = ['a', 'b', 'c', 'd'].map((query) => limited(asked(query), scope))
    await Promise.resolve()
    expect(begun.map(([query]) => query)).toEqual(['a', 'b'])
    endNext()
    await answers[0]
    expect(begun.map(([query]) => query)).toEqual(['a', 'b', 'c'])
    for (let n = 0; n < 3; n += 1) {
      endNext()
      await answers[n + 1]
    }
  })

  it('wait for no tenant who asks hundreds at once', async () => {
    const { search, begun, endNext } = scripted()
    const limited = limitSearches(search, { atOnceMax: 1 })
    const noisy = Array.from({ length: 200 }, (_, n) => limited(asked(`noisy ${n}`), scope))
    const quiet = limited(asked('quiet', undefined, 'other'), scope)
    for (let n = 0; n < 201; n += 1) {
      await new Promise(setImmediate)
      endNext()
    }
    await Promise.all([...noisy, quiet])
    expect(begun.slice(0, 3).map(([query]) => query)).toContain('quiet')
  })

  it('have as much less time as they waited, and never none', async () => {
    const { search, begun, endNext } = scripted()
    let nowMs = 0
    const limited = limitSearches(search, { atOnceMax: 1, nowMs: () => nowMs })
    const answers = [limited(asked('a', 500), scope), limited(asked('b', 500), scope), limited(asked('c', 500), scope)]
    await Promise.resolve()
    nowMs = 200
    endNext()
    await answers[0]
    nowMs = 900
    endNext()
    await answers[1]
    endNext()
    await answers[2]
    expect(begun).toEqual([
      ['a', 500],
      ['b', 300],
      ['c', 1],
    ])
  })

  it('cost nothing once nobody wants them any more', async () => {
    const { search, begun, endNext } = scripted()
    const limited = limitSearches(search, { atOnceMax: 1 })
    const reader = new AbortController()
    const first = limited(asked('a'), scope)
    const second = limited(asked('b'), scope, reader.signal)
    const told = expect(second).rejects.toMatchObject({ code: 'timeout' })
    reader.abort()
    await Promise.resolve()
    endNext()
    await first
    await told
    expect(begun.map(([query]) => query)).toEqual(['a'])
  })
})
