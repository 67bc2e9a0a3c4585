import { expect, it } from '@jest/globals'
import { follow } from './embeddings.ts'
import { describeEmbeddings, describeRebuildCost, type EmbeddingsState } from './embeddings-report.ts'

const changed: EmbeddingsState = {
  chosen: 'openai/text-embedding-3-small',
  active: 'local/all-MiniLM-L6-v2',
  problem: 'they differ',
  chunks: 100,
  waiting: 0,
  failure: null,
  left: { chunks: 100, tokens: 2_000_000 },
  rebuild: null,
}
const rebuild = { model: 'openai/text-embedding-3-small', startedAt: '2026-01-01T00:00:00Z', done: 0, isWaiting: false }

/** Follows a rebuild through these states, one a second. */
async function followThrough(...states: EmbeddingsState[]) {
  const shown: string[] = []
  let nowMs = 0
  const terminal = { showProgress: (line: string) => shown.push(line), endProgress: () => undefined }
  const wait = async (ms: number) => {
    nowMs += ms
  }
  const [first = changed] = states.splice(0, 1)
  return { end: await follow(async () => states.shift(), first, { terminal, sleep: wait, nowMs: () => nowMs }), shown }
}

it('says what a rebuild would embed and cost, before it does', () => {
  expect(describeRebuildCost(changed, 0.02)).toBe(
    '100 of 100 chunks to embed with openai/text-embedding-3-small: about 2000000 tokens for at most 0.04 USD',
  )
  expect(describeRebuildCost({ ...changed, chosen: 'openai/my-own' }, undefined)).toContain('at a price that is not known here')
  expect(describeRebuildCost({ ...changed, left: { chunks: 0, tokens: 0 } }, 0.02)).toContain('all 100 chunks have vectors')
  expect(describeRebuildCost({ ...changed, chosen: null, left: null }, 0)).toContain('set WEFT_EMBEDDER')
})

it('shows how far it is, how fast, and how long it will take', async () => {
  const done = { ...changed, active: changed.chosen, problem: null }
  const { end, shown } = await followThrough(
    { ...changed, rebuild },
    { ...changed, rebuild: { ...rebuild, done: 20 } },
    { ...changed, rebuild: { ...rebuild, done: 60 } },
    done,
  )
  expect(shown.map((line) => line.replace(/^embedding \[.*\] /, ''))).toEqual([
    '0/100',
    '20/100  20/s, about 4 s left',
    '60/100  30/s, about 2 s left',
  ])
  expect(end).toEqual(done)
})

it('ends when the rebuild is cancelled, and when it waits for the model it began with', async () => {
  await expect(followThrough({ ...changed, rebuild }, changed)).rejects.toThrow('the rebuild was cancelled')
  const waiting = { ...changed, chosen: null, rebuild: { ...rebuild, isWaiting: true } }
  await expect(followThrough(waiting)).rejects.toThrow('waits: no model is set up now')
})

it('tells by which model searches go, and why not by the one that is set up', () => {
  const running = { ...changed, rebuild: { ...rebuild, done: 50 } }
  expect(describeEmbeddings(running, Date.parse('2026-01-01T00:00:10Z'))).toEqual([
    'searches go by words and the vectors of local/all-MiniLM-L6-v2',
    'set up is openai/text-embedding-3-small',
    'they differ',
    'rebuild with openai/text-embedding-3-small since 2026-01-01T00:00:00Z: [████████████░░░░░░░░░░░░] 50/100, 5.0/s, about 10 s left',
  ])
})

it('tells how much waits for vectors, and what keeps it', () => {
  const stuck = { ...changed, active: changed.chosen, problem: null, waiting: 7, failure: 'it makes no vectors: not reachable' }
  expect(describeEmbeddings(stuck, 0).slice(1)).toEqual([
    '7 of 100 chunks wait for their vectors',
    'it makes no vectors: not reachable',
  ])
})
