import { expect, it } from '@jest/globals'
import { rerankHits } from './rerank-hits.ts'

const hits = [
  { id: 'a', score: 0.9 },
  { id: 'b', score: 0.8 },
  { id: 'c', score: 0.7 },
  { id: 'd', score: 0.6 },
]
const { signal } = new AbortController()

function rerank(scores: (number | undefined)[], known: string[] = ['a', 'b', 'c', 'd']) {
  const asked: string[][] = []
  const reranker = {
    id: 'test/ranker',
    rerank({ documents }: { documents: string[] }) {
      asked.push(documents)
      return Promise.resolve(scores)
    },
  }
  const textOf = ({ id }: { id: string }) => (known.includes(id) ? `text of ${id}` : undefined)
  return { asked, ranked: rerankHits<{ id: string; score: number }>(reranker, { query: 'q', hits, textOf, signal }) }
}

it('puts passages in the order of the reranker’s scores, and says where they stood', async () => {
  expect(await rerank([0.1, 0.9, 0.5, 0.2]).ranked).toEqual([
    { id: 'b', score: 0.9, rerank: { model: 'test/ranker', score: 0.9, before: 2 } },
    { id: 'c', score: 0.5, rerank: { model: 'test/ranker', score: 0.5, before: 3 } },
    { id: 'd', score: 0.2, rerank: { model: 'test/ranker', score: 0.2, before: 4 } },
    { id: 'a', score: 0.1, rerank: { model: 'test/ranker', score: 0.1, before: 1 } },
  ])
})

it('leaves equals in the order they had, and what it said nothing about behind', async () => {
  const ranked = await rerank([undefined, 0.5, 0.5]).ranked
  expect(ranked.map(({ id }) => id)).toEqual(['b', 'c', 'a', 'd'])
  expect(ranked.map(({ score }) => score)).toEqual([0.5, 0.5, 0.45, 0.3])
})

it('is not asked about what is gone', async () => {
  const { asked, ranked } = rerank([0.2, 0.4], ['b', 'd'])
  expect((await ranked).map(({ id }) => id)).toEqual(['d', 'b', 'a', 'c'])
  expect(asked).toEqual([['text of b', 'text of d']])
})
