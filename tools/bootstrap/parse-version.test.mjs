import { describe, expect, it } from '@jest/globals'
import { isAtLeast, parseVersion } from './parse-version.mjs'

describe('versions', () => {
  it('are read out of what programs print', () => {
    expect(parseVersion('v24.21.0')).toEqual([24, 21, 0])
    expect(parseVersion('go1.26.8')).toEqual([1, 26, 8])
    expect(parseVersion('1.18')).toEqual([1, 18, 0])
  })

  it('compare by number, not by letter', () => {
    expect(isAtLeast('1.18.0', '1.9.9')).toBe(true)
    expect(isAtLeast('1.17.12', '1.18.0')).toBe(false)
    expect(isAtLeast('2.0.0', '1.18.2')).toBe(true)
    expect(isAtLeast('1.18.0', '1.18.0')).toBe(true)
    expect(isAtLeast('1.18.0-rc.3', '1.18.0')).toBe(false)
  })

  it('are never guessed for a build that does not tell one', () => {
    expect(parseVersion('edge')).toBeUndefined()
    expect(isAtLeast('edge', '1.18.0')).toBe(false)
  })
})
