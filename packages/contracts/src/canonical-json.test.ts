import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { canonicalJson } from './canonical-json.ts'

it('is the same for the same value, however its keys are ordered', () => {
  expect(canonicalJson({ b: [{ z: 1, y: 2 }], a: null })).toBe('{"a":null,"b":[{"y":2,"z":1}]}')
  expect(canonicalJson({ a: null, b: [{ y: 2, z: 1 }] })).toBe('{"a":null,"b":[{"y":2,"z":1}]}')
})

it('says of any JSON value exactly what the value says', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))),
  )
})

it('leaves out fields without a value, keeps a key named __proto__, and has a text for nothing at all', () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}')
  expect(canonicalJson(JSON.parse('{"__proto__":{"b":1},"a":2}'))).toBe('{"__proto__":{"b":1},"a":2}')
  expect(canonicalJson(undefined)).toBe('null')
})
