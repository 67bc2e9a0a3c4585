import { describe, expect, it } from '@jest/globals'
import { groupCalls } from './group-calls.ts'

describe('groupCalls', () => {
  it('sends a lone item at once, and together what arrives meanwhile', async () => {
    const { calls, double } = doubler()
    expect(await Promise.all([1, 2, 3, 4].map(double))).toEqual([2, 4, 6, 8])
    expect(calls).toEqual([[1], [2, 3, 4]])
  })

  it('keeps each call within its limits', async () => {
    const { calls, double } = doubler()
    await Promise.all([1, 40, 40, 40, 200, 1, 1, 1, 1, 1].map(double))
    expect(calls).toEqual([[1], [40, 40], [40], [200], [1, 1, 1], [1, 1]])
  })

  it('gives a failure to the item at fault alone', async () => {
    const { calls, double } = doubler()
    const results = await Promise.allSettled([1, 2, -1, 3].map(double))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(results[2]).toMatchObject({ reason: new Error('negative') })
    expect(calls).toEqual([[1], [2, -1, 3], [2], [-1], [3]])
  })

  it("gives everybody a failure that is nobody in particular's", async () => {
    const { calls, double } = doubler()
    const results = await Promise.allSettled([1, 2, Number.NaN, 3].map(double))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected'])
    expect(calls).toEqual([[1], [2, Number.NaN, 3]])
  })
})

function doubler() {
  const calls: number[][] = []
  const double = groupCalls(
    async (items: number[]) => {
      calls.push(items)
      await new Promise((resolve) => setTimeout(resolve, 2))
      if (items.some((item) => Number.isNaN(item))) throw new RangeError('away')
      if (items.some((item) => item < 0)) throw new Error('negative')
      return items.map((item) => 2 * item)
    },
    { itemsMax: 3, weightMax: 100, weightOf: (item) => item, isShared: (thrown) => thrown instanceof RangeError },
  )
  return { calls, double }
}
