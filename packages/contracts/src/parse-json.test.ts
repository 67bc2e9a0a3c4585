import { describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { parseJson, parseValue } from './parse-json.ts'

const Order = z.strictObject({
  item: z.string(),
  size: z.union([z.literal('all'), z.strictObject({ count: z.int() })]),
  to: z.strictObject({ street: z.string() }).optional(),
})

describe('what is wrong is named with its path', () => {
  it.each([
    ['a field that is missing', { size: 'all' }, "'item' is missing", 'item'],
    ['a field of several shapes that is missing', { item: 'x' }, "'size' is missing", 'size'],
    ['a field inside one of several shapes', { item: 'x', size: { count: 'y' } }, "'size.count' Invalid input", 'size.count'],
    ['a field nobody knows', { item: 'x', size: 'all', colour: 1 }, "'colour' is not known", 'colour'],
    ['one inside another', { item: 'x', size: 'all', to: { street: 's', city: 'c' } }, "'to.city' is not known", 'to.city'],
    ['a wrong type', { item: 3, size: 'all' }, "'item' Invalid input: expected string", 'item'],
  ])('%s', (_what, value, message, param) => {
    expect(() => parseValue(Order, value, 'the order')).toThrow(
      expect.objectContaining({ code: 'invalid_request', param, message: expect.stringContaining(`the order: ${message}`) }),
    )
  })

  it('also where it is a name that was made up', () => {
    const Query = z.object({ tags: z.record(z.string().max(3), z.string()).optional() })
    expect(() => parseValue(Query, { tags: { long: 'x' } }, 'the query')).toThrow(
      /'tags.long' its name: Too big: .* <=3 characters/,
    )
  })

  it('and shortened where the caller made up a long one, between two characters', () => {
    const param = `${'x'.repeat(255)}…`
    expect(() =>
      parseValue(Order, { item: 'x', size: 'all', [`${'x'.repeat(255)}${'🦩'.repeat(200)}`]: 1 }, 'the order'),
    ).toThrow(expect.objectContaining({ param, message: `the order: '${param}' is not known` }))
  })

  it('of text that is no JSON where it stops being it', () => {
    expect(() => parseJson(Order, '{"item"', 'the order')).toThrow(/the order is not valid JSON: .*position 7/)
  })
})
