import { expect, it } from '@jest/globals'
import { createPartCosts } from './part-costs.ts'

it('learns what a part takes from the last searches', () => {
  const costs = createPartCosts(() => 0)
  expect(costs.estimateMs('vectors')).toBe(25)
  costs.note('vectors', 100)
  expect(costs.estimateMs('vectors')).toBe(100)
  costs.note('vectors', 50)
  expect(costs.estimateMs('vectors')).toBe(90)
  for (let n = 0; n < 30; n++) costs.note('vectors', 10)
  expect(costs.estimateMs('vectors')).toBeCloseTo(10, 0)
})

it('forgets what was slow once, so that it is tried again', () => {
  let nowMs = 0
  const costs = createPartCosts(() => nowMs)
  costs.note('vectors', 10_025)
  nowMs = 60_000
  expect(costs.estimateMs('vectors')).toBe(5_025)
  nowMs = 1_200_000
  expect(costs.estimateMs('vectors')).toBeCloseTo(25, 0)
})

it('knows rerankers apart, a bounded number of them', () => {
  const costs = createPartCosts(() => 0)
  for (let n = 0; n < 100; n++) costs.note(`rerank cohere/${n}`, n)
  expect([costs.estimateMs('rerank cohere/99'), costs.estimateMs('rerank cohere/0')]).toEqual([99, 300])
  expect(costs.estimateMs('rerank judge/openai/gpt')).toBe(3_000)
})
