import { expect, it } from '@jest/globals'
import { countFailure, recoveredAfterMs, restartDelayMs, restartDelayMsMaxDefault } from './restart-delay.ts'

it('starts again at once after a first failure, 0.2 s after the next and twice as long after each further one, at most 10 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 50].map((count) => restartDelayMs(count, restartDelayMsMaxDefault))).toEqual([
    0, 200, 400, 800, 1600, 3200, 6400, 10_000,
  ])
})

it('counts a failure as a first one again when the process had been up for a while', () => {
  expect(countFailure(6, recoveredAfterMs)).toBe(1)
  expect(countFailure(6, recoveredAfterMs - 1)).toBe(7)
})
