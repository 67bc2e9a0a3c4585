import { expect, it } from '@jest/globals'
import { isSetBack } from './is-set-back.ts'

it('only a time further ahead than clocks of machines differ was written by one that was set back since', () => {
  expect([-1, 0, 10_000, 10_001].map((aheadMs) => isSetBack(1_000_000 + aheadMs, 1_000_000))).toEqual([false, false, false, true])
})
