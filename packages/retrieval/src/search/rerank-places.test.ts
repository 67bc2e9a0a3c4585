import { expect, it } from '@jest/globals'
import { openDatabase } from '@weft/database'
import { createPartCosts } from './part-costs.ts'
import { rerankPlaces } from './rerank-places.ts'
import { createSearchBudget } from './search-budget.ts'

it('gives up on a reranker that does not answer, tells it to stop, and says so', async () => {
  const place = { fileId: 'f', startOffset: 0, endOffset: 4, documentId: undefined }
  const chunk = {
    ...place,
    filename: 'f.md',
    attributes: {},
    chunkId: '1',
    vectorStoreId: 'vs',
    page: null,
    heading: null,
    header: null,
    text: 'rain',
  }
  const stopped = Promise.withResolvers<string>()
  const reranker = {
    id: 'judge/openai/slow',
    rerank: ({ signal }: { signal?: AbortSignal | undefined }) =>
      new Promise<number[]>((_, reject) => {
        signal?.addEventListener('abort', () => {
          stopped.resolve('stopped')
          reject(new Error('the call was cancelled'))
        })
      }),
  }
  const nowMs = () => performance.now()
  const budget = createSearchBudget({ budgetMs: undefined, wanted: { rerank: 'rerank' }, costs: createPartCosts(nowMs), nowMs })
  const skipped: string[] = []
  const asked = {
    tenant: 'acme',
    vectorStoreIds: ['vs'],
    query: 'rain',
    maxResults: 5,
    mode: 'hybrid' as const,
    places: [{ id: '1', score: 1, legs: {}, support: 0 }],
    candidates: new Map([['1', { ...place, chunk }]]),
    budget,
    skipped,
  }
  const database = openDatabase({ urls: ['postgres://postgres@127.0.0.1:1/none'] })
  expect(await rerankPlaces({ database, reranker, rerankPatienceMs: 20 }, asked)).toBeUndefined()
  expect(skipped).toEqual(['rerank: judge/openai/slow did not answer within 20 ms'])
  expect(await stopped.promise).toBe('stopped')
  await database.stop()
})
