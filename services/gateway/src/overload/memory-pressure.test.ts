import { expect, it } from '@jest/globals'
import { watchMemory } from './memory-pressure.ts'

const megabyte = 1_048_576

it('tells of short memory by the heap’s own limit and by the bound that was set, four times a second at most', () => {
  const memory = { heapBytes: 10 * megabyte, heapBytesMax: 100 * megabyte, rssBytes: 50 * megabyte }
  let nowMs = 0
  const pressure = watchMemory(
    { rssMbMax: 200 },
    () => memory,
    () => nowMs,
  )
  expect(pressure()).toBeUndefined()
  memory.heapBytes = 90 * megabyte
  expect(pressure()).toBeUndefined()
  nowMs = 250
  expect(pressure()).toBe('memory is short (90 MB in use)')
  Object.assign(memory, { heapBytes: 10 * megabyte, rssBytes: 201 * megabyte })
  nowMs = 500
  expect(pressure()).toBe('memory is short (201 MB in use)')
  memory.rssBytes = 100 * megabyte
  nowMs = 750
  expect(pressure()).toBeUndefined()
})
