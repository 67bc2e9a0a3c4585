import { expect, it } from '@jest/globals'
import { searchOptionsOf } from './search-options.ts'

it.each([
  ['none', { rerank: 'off' }],
  ['auto', {}],
  ['default-2024-11-15', {}],
  ['default_2024_08_21', {}],
  ['cohere/rerank-v3.5', { rerank: 'cohere/rerank-v3.5' }],
])('OpenAI’s ranker %s means %j', (ranker, meaning) => {
  expect(searchOptionsOf({ ranking_options: { ranker } }, {})).toEqual({ mode: 'hybrid', ...meaning })
})

it('what the request says in Weft’s own words counts before OpenAI’s, and both before what was chosen for the store', () => {
  const metadata = { 'weft.fusion': 'rrf', 'weft.text_weight': '0.2' }
  const ranking = { ranker: 'none', hybrid_search: { embedding_weight: 1, text_weight: 3 } }
  expect(searchOptionsOf({ ranking_options: ranking, weft: { rerank: 'jina/x', latencyBudgetMs: 50 } }, metadata)).toEqual({
    mode: 'hybrid',
    fusion: 'rrf',
    textWeight: 0.75,
    rerank: 'jina/x',
    latencyBudgetMs: 50,
  })
})
