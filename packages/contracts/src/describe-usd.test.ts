import { expect, it } from '@jest/globals'
import { describeUsd } from './describe-usd.ts'

it('an amount of money is never told as nothing, nor with more digits than say something', () => {
  expect([0, 0.000_067_1, 0.025, 0.05, 0.999, 1, 12.345].map(describeUsd)).toEqual([
    '0.00 USD',
    '0.000067 USD',
    '0.025 USD',
    '0.05 USD',
    '1.00 USD',
    '1.00 USD',
    '12.35 USD',
  ])
})
