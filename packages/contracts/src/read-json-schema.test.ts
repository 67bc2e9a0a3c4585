import { describe, expect, it } from '@jest/globals'
import { describeMisfit, readJsonSchema } from './read-json-schema.ts'

function misfit(schema: Record<string, unknown>, value: unknown, mayLack = false): string | undefined {
  const reading = readJsonSchema(schema)
  if (reading.kind !== 'check') throw new Error(`read as ${reading.kind}`)
  return describeMisfit(reading.check, value, { mayLack })
}

const count = { type: 'object', properties: { upTo: { type: 'integer', minimum: 1 } }, required: ['upTo'] }

describe('a value that does not fit is told with its field', () => {
  it.each([
    ['a wrong type', count, { upTo: 'six' }, /^'upTo' .*expected (int|number), received string/],
    ['a bound', count, { upTo: 0 }, /^'upTo' Too small/],
    ['a missing field', count, {}, "'upTo' is missing"],
    ['a missing field that is not described', { type: 'object', required: ['to'] }, {}, "'to' is missing"],
    ['fields of a schema that names no type', { properties: count.properties, required: ['upTo'] }, { upTo: 'six' }, /^'upTo' /],
    ['an unknown field', { ...count, additionalProperties: false }, { upTo: 1, by: 2 }, "'by' is not known"],
    [
      'a field of a definition',
      { type: 'object', properties: { at: { $ref: '#/definitions/Place' } }, definitions: { Place: count } },
      { at: { upTo: 'x' } },
      /^'at\.upTo' /,
    ],
    ['a text where an object is asked for', count, 'six', /expected object/],
  ])('%s', (_what, schema, value, message) => {
    expect(misfit(schema, value)).toEqual(expect.stringMatching(message))
  })
})

describe('a value fits', () => {
  it.each([
    ['whatever its other fields', count, { upTo: 1, by: 2 }],
    ['as no object where fields are described without a type', { properties: { upTo: { type: 'integer' } } }, 'six'],
    [
      'with a field that has the name of a keyword',
      { type: 'object', properties: { pattern: { type: 'string' } }, additionalProperties: false },
      { pattern: 'x' },
    ],
    ['whatever a regular expression asks for', { type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(40)}!`],
    [
      'with names that only a regular expression allows',
      { type: 'object', patternProperties: { '^x-': {} }, additionalProperties: false },
      { 'x-a': 1 },
    ],
  ])('%s', (_what, schema, value) => {
    expect(misfit(schema, value)).toBeUndefined()
  })
})

describe('a value that may lack fields', () => {
  const paths = { anyOf: [count, { type: 'object', properties: { all: { type: 'boolean' } }, required: ['all'] }] }
  it.each([
    ['lacks all', count, {}, undefined],
    ['lacks what each of several shapes asks for', paths, {}, undefined],
    ['has a wrong one', count, { upTo: 'six' }, /^'upTo' /],
    ['lacks a field of a field', { type: 'object', properties: { in: count } }, { in: {} }, "'in.upTo' is missing"],
  ])('%s', (_what, schema, value, message) => {
    expect(misfit(schema, value, true)).toEqual(message === undefined ? undefined : expect.stringMatching(message))
  })
})

describe('a schema', () => {
  it('that is empty asks for nothing', () => {
    expect(readJsonSchema({})).toEqual({ kind: 'anything' })
  })

  it.each([
    ['an unknown type', { type: 'nonsense' }, 'Unsupported type: nonsense'],
    ['a definition that is not there', { $ref: '#/$defs/Place' }, 'Reference not found: #/$defs/Place'],
    ['what Weft cannot check', { if: {}, else: {} }, 'if/then/else'],
    ['what is no schema', { type: 'object', properties: { at: null } }, 'it is not a JSON Schema'],
  ])('that has %s cannot be read, and why is told', (_what, schema, why) => {
    expect(readJsonSchema(schema)).toEqual({ kind: 'unreadable', why: expect.stringContaining(why) })
  })
})
