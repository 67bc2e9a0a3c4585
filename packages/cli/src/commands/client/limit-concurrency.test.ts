import { expect, it } from '@jest/globals'
import { limitConcurrency } from './limit-concurrency.ts'

it('never runs more calls at once than it may, in their order, whether they succeed or not', async () => {
  const started: number[] = []
  let running = 0
  let most = 0
  const call = limitConcurrency(3, async (number: number) => {
    started.push(number)
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, 2))
    running -= 1
    if (number % 4 === 0) throw new Error('refused')
    return number
  })
  const numbers = Array.from({ length: 12 }, (_, number) => number)
  const results = await Promise.allSettled(numbers.map(call))
  expect(most).toBe(3)
  expect(started).toEqual(numbers)
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(3)
})
