import { expect, it } from '@jest/globals'
import { staleLease } from './free-stale-leadership.ts'

it('ends the lease on the leadership when a newer lease waits beside it', () => {
  expect(staleLease('1', ['1', '2'])).toBe('1')
  expect(staleLease('1', ['2'])).toBe('1')
})

it('leaves the lease of the scheduler that leads, and has nothing to end when nobody leads', () => {
  expect(staleLease('2', ['2'])).toBeUndefined()
  expect(staleLease('2', [])).toBeUndefined()
  expect(staleLease(undefined, ['2'])).toBeUndefined()
})
