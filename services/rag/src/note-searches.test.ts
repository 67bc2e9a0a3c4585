import { expect, it } from '@jest/globals'
import { noteSearches } from './note-searches.ts'

const searched = (...vectorStoreIds: string[]) => ({ tenant: 'acme', vectorStoreIds })

it('searches of the same stores are noted once a minute, of others at once, and again when that failed', async () => {
  let nowMs = 0
  let isDown = false
  const noted: string[][] = []
  const problems: unknown[] = []
  const note = noteSearches({
    async note({ vectorStoreIds }) {
      if (isDown) throw new Error('no database')
      noted.push(vectorStoreIds)
    },
    onProblem: (cause) => problems.push(cause),
    nowMs: () => nowMs,
  })
  for (const stores of [searched('vs_a'), searched('vs_a'), searched('vs_b'), searched()]) note(stores)
  expect(noted).toEqual([['vs_a'], ['vs_b'], []])
  nowMs = 60_000
  isDown = true
  note(searched('vs_a'))
  await Promise.resolve()
  await Promise.resolve()
  isDown = false
  note(searched('vs_a'))
  expect(noted).toEqual([['vs_a'], ['vs_b'], [], ['vs_a']])
  expect(problems).toHaveLength(1)
})
