import { expect, it } from '@jest/globals'
import { notificationAttemptsMax, notificationDelayMs } from './notification-delay.ts'

const delays = (random: number) =>
  Array.from({ length: notificationAttemptsMax - 1 }, (_, failed) => notificationDelayMs(failed + 1, random))

it('tries again within seconds at first, and for about a day in all', () => {
  expect(delays(0.5).slice(0, 3)).toEqual([5_000, 15_000, 45_000])
  const hours = delays(0.5).reduce((sum, delayMs) => sum + delayMs, 0) / 3_600_000
  expect(hours).toBeGreaterThan(22)
  expect(hours).toBeLessThan(26)
})

it('spreads attempts that failed together', () => {
  expect([notificationDelayMs(2, 0), notificationDelayMs(2, 1)]).toEqual([12_000, 18_000])
})
