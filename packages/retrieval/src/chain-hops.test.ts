import { expect, it } from '@jest/globals'
import { chainHops } from './chain-hops.ts'

const hit = (id: string, score: number) => ({ id, score, legs: {} })

it('lets a passage rise that a good one leads to, and says by which and through what', () => {
  const first = [hit('film', 0.9), hit('other', 0.5), hit('weather', 0.4)]
  const hops = [
    { from: hit('film', 0.9), terms: ['Ana de Silva'], hits: [hit('film', 1), hit('director', 0.9), hit('weather', 0.1)] },
  ]
  const chained = chainHops(first, hops, (added) => added)
  expect(chained.map(({ id }) => id)).toEqual(['film', 'director', 'other', 'weather'])
  expect(chained[1]).toMatchObject({
    score: expect.closeTo(0.405),
    via: { from: 'film', terms: ['Ana de Silva'], score: expect.closeTo(0.81) },
  })
  expect(chained[0]?.via).toBeUndefined()
})

it('counts the best of several chains, and keeps the order where there are none', () => {
  const first = [hit('a', 0.8), hit('b', 0.6)]
  const hops = [
    { from: hit('a', 0.8), terms: ['x'], hits: [hit('c', 0.5)] },
    { from: hit('b', 0.6), terms: ['y'], hits: [hit('c', 0.9)] },
  ]
  expect(chainHops(first, hops, (added) => added).find(({ id }) => id === 'c')?.via?.from).toBe('b')
  expect(chainHops(first, [], (added) => added).map(({ id }) => id)).toEqual(['a', 'b'])
})
