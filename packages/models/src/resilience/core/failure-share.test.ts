import { expect, it } from '@jest/globals'
import { createFailureShare } from './failure-share.ts'

function sharing(successes: number, atMs = 0) {
  const share = createFailureShare()
  for (let n = 0; n < successes; n++) share.succeeded(atMs)
  return share
}

it('failures of a model that hardly answers otherwise are told one by one', () => {
  const share = sharing(9)
  expect([share.failed(1), share.failed(2)]).toEqual([[1], [2]])
})

it('rare failures of a busy model are not told, until they are a tenth of its calls', () => {
  const share = sharing(36)
  for (const atMs of [1, 2, 3]) {
    expect(share.failed(atMs)).toEqual([])
    share.succeeded(atMs)
  }
  for (let n = 0; n < 1_000; n++) share.succeeded(59_000)
  expect(share.failed(59_001)).toEqual([])
  share.succeeded(59_002)
  // A minute later only what came since counts, and what was not told still is not forgotten.
  expect(share.failed(200_000)).toEqual([200_000])
})

it('what was not told is told with the failure that makes them many', () => {
  const share = sharing(20)
  expect(share.failed(1)).toEqual([])
  share.succeeded(2)
  expect(share.failed(3)).toEqual([])
  expect(share.failed(4)).toEqual([1, 3, 4])
})

it('five in a row are told whatever was answered before', () => {
  const share = sharing(10_000)
  const told = [1, 2, 3, 4, 5].map((atMs) => share.failed(atMs))
  expect(told).toEqual([[], [], [], [], [1, 2, 3, 4, 5]])
})

it('what was answered before the clock was set back counts no longer', () => {
  const share = sharing(1_000, 7_200_000)
  expect(share.failed(1)).toEqual([1])
})
