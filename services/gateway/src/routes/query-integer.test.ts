import { expect, it } from '@jest/globals'
import { parseValue } from '@weft/contracts'
import { z } from 'zod'
import { queryInteger } from './query-integer.ts'

const Query = z.object({ limit: queryInteger({ min: 1, max: 100 }).optional() })
const read = (limit: unknown) => parseValue(Query, { limit }, 'the query').limit

it('a number in a query is read from decimal digits', () => {
  expect(['1', '020', '100', undefined].map(read)).toEqual([1, 20, 100, undefined])
})

it.each(['0x10', '1e1', '', ' 5', '5 ', '+5', '5.0', '0b1', 'x', '１', '9'.repeat(17), ['1', '2']])(
  'and from nothing else, as %j: what is wanted is said',
  (limit) => {
    expect(() => read(limit)).toThrow("the query: 'limit' has to be one whole number, in decimal digits")
  },
)

it.each(['0', '-3', '101'])('a number out of its bounds, as %s, is told which they are', (limit) => {
  expect(() => read(limit)).toThrow(/the query: 'limit' Too (small|big): expected number to be/)
})
