import { expect, it } from '@jest/globals'
import { sampleInOrder, seededRandom } from './seeded-random.ts'

it('is spread evenly from 0 up to 1, whatever the seed', () => {
  for (const seed of [0, 1, 2, 12_345, 2 ** 31]) {
    const random = seededRandom(seed)
    const tenths = new Array<number>(10).fill(0)
    for (let draw = 0; draw < 10_000; draw += 1) {
      const tenth = Math.floor(random() * 10)
      tenths[tenth] = (tenths[tenth] ?? 0) + 1
    }
    expect(tenths).toHaveLength(10)
    expect(Math.min(...tenths)).toBeGreaterThan(850)
    expect(Math.max(...tenths)).toBeLessThan(1_150)
  }
})

it('samples the same for the same seed, in order, a larger sample holding the smaller one', () => {
  const items = Array.from({ length: 100 }, (_, index) => index)
  const ten = sampleInOrder(items, 10, 1)
  expect(ten).toHaveLength(10)
  expect(ten).toEqual(ten.toSorted((a, b) => a - b))
  expect(sampleInOrder(items, 10, 1)).toEqual(ten)
  expect(sampleInOrder(items, 10, 2)).not.toEqual(ten)
  expect(sampleInOrder(items, 40, 1)).toEqual(expect.arrayContaining(ten))
  expect(sampleInOrder(items, 1_000, 1)).toEqual(items)
})
