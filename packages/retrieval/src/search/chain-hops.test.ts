import { expect, it } from '@jest/globals'
import { chainHops } from './chain-hops.ts'

const hit = (id: string, score: number) => ({ id, score, legs: {} })

it('lets a passage rise that a good one leads to, and says by which and through what', () => {
  const first = [hit('film', 0.9), hit('other', 0.3), hit('weather', 0.2)]
  const found = [hit('film', 1), hit('director', 0.9), hit('weather', 0.1)]
  const chained = chainHops(first, [{ from: hit('film', 0.9), terms: ['Ana de Silva'], hits: found }], (added) => added)
  expect(chained.map(({ id }) => id)).toEqual(['director', 'film', 'other', 'weather'])
  expect(chained[0]).toMatchObject({
    score: expect.closeTo(0.54),
    via: { from: 'film', terms: ['Ana de Silva'], score: expect.closeTo(0.9) },
  })
  expect(chained[1]?.via).toBeUndefined()
})

it('counts the best of several chains, and keeps the order where there are none', () => {
  const first = [hit('a', 0.8), hit('b', 0.6)]
  const hops = [
    { from: hit('a', 0.8), terms: ['x'], hits: [hit('d', 0.9), hit('c', 0.5), hit('e', 0.1)] },
    { from: hit('b', 0.6), terms: ['y'], hits: [hit('c', 0.9), hit('e', 0.1)] },
  ]
  expect(chainHops(first, hops, (added) => added).find(({ id }) => id === 'c')?.via?.from).toBe('b')
  expect(chainHops(first, [], (added) => added).map(({ id }) => id)).toEqual(['a', 'b'])
})
