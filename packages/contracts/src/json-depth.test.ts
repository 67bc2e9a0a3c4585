import { describe, expect, it } from '@jest/globals'
import { isTooDeep } from './json-depth.ts'

const depthOf = (json: string, max: number) => isTooDeep(Buffer.from(json), max)

describe('how deep JSON nests', () => {
  it('is measured over objects and arrays together', () => {
    expect(depthOf('{"a":[{"b":[]}]}', 4)).toBe(false)
    expect(depthOf('{"a":[{"b":[]}]}', 3)).toBe(true)
  })

  it('ignores brackets inside strings, escaped quotes included', () => {
    expect(depthOf('{"a":"[[[[\\"[[[["}', 1)).toBe(false)
  })

  it('is found before a million brackets are parsed', () => {
    expect(depthOf('['.repeat(1_000_000), 128)).toBe(true)
  })
})
