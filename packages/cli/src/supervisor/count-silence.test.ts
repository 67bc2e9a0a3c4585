import { describe, expect, it } from '@jest/globals'
import { countSilence, lookMsMax } from './count-silence.ts'

const silentAfter = (...passed: number[]) =>
  passed.reduce((silentMs, passedMs) => countSilence(silentMs, { isSilent: true, passedMs }), 0)

describe('a process is silent', () => {
  it('for as long as looks in a row have found it so', () => {
    expect(silentAfter(5_002, lookMsMax, lookMsMax - 10)).toBe(5_002 + 2 * lookMsMax - 10)
    expect(countSilence(28_000, { isSilent: false, passedMs: 5_000 })).toBe(0)
  })

  it('not for the hours in which the machine was suspended', () => {
    expect(silentAfter(8 * 3_600_000)).toBe(lookMsMax)
    expect(silentAfter(8 * 3_600_000, 7_000, 7_000)).toBeLessThan(30_000)
    expect(silentAfter(7_000, -3_600_000)).toBe(7_000)
  })
})
