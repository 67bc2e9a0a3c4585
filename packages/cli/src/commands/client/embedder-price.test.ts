import { expect, it } from '@jest/globals'
import { embeddingCostUsd } from './embedder-price.ts'

it.each([
  [undefined, 0],
  ['off', 0],
  ['local/all-MiniLM-L6-v2', 0],
  ['openai/text-embedding-3-small', 0.04],
  ['voyage/voyage-3.5', 0.12],
  ['openai/served-by-somebody', undefined],
])('two million tokens cost with %s: %s', (embedder, usd) => {
  expect(embeddingCostUsd(embedder, 2_000_000)).toEqual(usd)
})
