import { describe, expect, it } from '@jest/globals'
import type { AgentEvent, ExecuteRequest, Passage } from '@weft/contracts'
import type { SearchRequest } from '@weft/retrieval'
import { type FoundHit, retrievePassages } from './retrieve-passages.ts'

type Given = { deadline?: string; skipped?: string[]; found?: FoundHit[]; params?: Record<string, unknown> }

const place = { vectorStoreId: 'vs', fileId: 'file', filename: 'whales.md', start: 0, end: 10, score: 1 }
const heart = {
  ...place,
  chunkId: 'chunk_1',
  text: 'The heart of a blue whale weighs about 180 kg.',
  explanation: { support: 0, bm25: { rank: 1, score: 18, share: 0.5 } },
}
const krill = {
  ...place,
  chunkId: 'chunk_2',
  text: 'Krill lives in the Antarctic.',
  explanation: { support: 0, via: { chunkId: 'chunk_1', terms: ['Krill'], score: 0.5 } },
}

function heartOf(filename: string): Passage {
  return { ...place, chunkId: filename, filename, text: heart.text }
}

async function retrieve(
  context: ExecuteRequest['context'],
  { deadline = '2026-01-01T00:00:10Z', skipped = [], found = [], params = { query: 'rain' } }: Given = {},
) {
  const events: AgentEvent[] = []
  const asked: { request: SearchRequest; account: unknown }[] = []
  const read: object[] = []
  const tools = {
    search: async (request: SearchRequest, account: unknown) => {
      asked.push({ request, account })
      return { results: found, skipped }
    },
    rewriteQuestion: () => Promise.reject(new Error('a query of its own is not rewritten')),
    findByName: async () => [{ ...place, filename: 'krill.md', fileId: 'krill' }, place],
    readOpenings: async () => ({ passages: [heartOf('a.md'), heartOf('b.md')], documents: 5 }),
    readSpread: async ({ fileId }: { fileId: string }) => [{ ...heartOf('whales.md'), fileId, text: `all parts of ${fileId}` }],
    onRead: (stores: object) => read.push(stores),
    nowMs: () => Date.parse('2026-01-01T00:00:00Z'),
  }
  const request: ExecuteRequest = {
    sessionId: 'sess_1',
    turn: 1,
    stepId: 'retrieve',
    attempt: 1,
    capability: 'retrieve',
    params,
    input: { messages: [] },
    dependencies: {},
    context,
    deadline,
  }
  const call = {
    emit: (event: AgentEvent) => events.push(event),
    signal: new AbortController().signal,
    tenant: 'acme',
    agent: 'rag',
  }
  await retrievePassages(tools, request, call)
  return { events, asked, read }
}

it('searches within the latency budget of the request, on its account', async () => {
  const { asked } = await retrieve({ latencyBudgetMs: 150, user: 'ann' })
  expect(asked[0]?.request.options).toEqual({ mode: 'hybrid', latencyBudgetMs: 150 })
  expect(asked[0]?.account).toMatchObject({ tenant: 'acme', user: 'ann', sessionId: 'sess_1', agent: 'rag' })
})

it.each([
  [{}, '2026-01-01T00:00:10Z', 9_000],
  [{ latencyBudgetMs: 60_000 }, '2026-01-01T00:00:10Z', 9_000],
  [{}, '2026-01-01T00:00:01Z', 800],
  [{}, '2025-12-31T00:00:00Z', 1],
])('leaves out what its step has no time for: %j until %s', async (context, deadline, latencyBudgetMs) => {
  const { asked } = await retrieve(context, { deadline })
  expect(asked[0]?.request.options).toEqual({ mode: 'hybrid', latencyBudgetMs })
})

it('says why it searched without something, and marks what is answered from that', async () => {
  const { events } = await retrieve({}, { skipped: ['rerank: it takes long', 'rerank: it failed', 'vectors: out of order'] })
  expect(events).toContainEqual({ type: 'progress', message: 'searched without rerank: it takes long' })
  expect(events.at(-1)).toMatchObject({
    type: 'result',
    output: { degraded: ['search_skipped:rerank', 'search_skipped:vectors'] },
  })
})

it('searches in hops where the plan says so, and shows which passage led to which', async () => {
  const params = { query: 'What does the whale eat that lives near Krill Bay?', multiHop: true }
  const { asked, events } = await retrieve({}, { params, found: [heart, krill] })
  expect(asked[0]?.request.options).toEqual({ mode: 'hybrid', multiHop: true, latencyBudgetMs: 9_000 })
  expect(events[0]).toEqual({ type: 'progress', message: '2 passages found, 1 by way of others' })
  expect(events.at(-1)).toMatchObject({ output: { chain: [{ from: 'chunk_1', to: 'chunk_2', terms: ['Krill'] }] } })
})

it('says how likely the passages hold an answer, and keeps what explains the ranking to itself', async () => {
  const params = { query: 'How much does the heart of a blue whale weigh?' }
  const { events } = await retrieve({}, { params, found: [heart] })
  const { explanation: _, ...passage } = heart
  expect(events.at(-1)).toMatchObject({ output: { evidence: expect.any(Number), passages: [passage] } })
  expect(JSON.stringify(events)).not.toMatch(/explanation|chain/)
})

it('searches for what a plan’s author wrote, as it is', async () => {
  const { asked, events } = await retrieve({}, { params: { query: 'and how long is it there?' } })
  expect(asked[0]?.request.query).toBe('and how long is it there?')
  expect(JSON.stringify(events)).not.toContain('rewrittenFrom')
})

describe('an overview', () => {
  it('of all there is reads how the documents begin, and says how many it leaves out', async () => {
    const { asked, events } = await retrieve({}, { params: { query: 'What is in these documents?' } })
    expect(asked).toEqual([])
    expect(events.at(-1)).toMatchObject({
      type: 'result',
      output: { passages: [{ filename: 'a.md' }, { filename: 'b.md' }], evidence: 1, degraded: ['documents_left_out:3'] },
    })
  })

  it('of a document reads all its parts', async () => {
    const { asked, events } = await retrieve({}, { params: { query: 'Please summarise whales.md' } })
    expect(asked).toEqual([])
    expect(events.at(-1)).toMatchObject({
      output: { passages: [{ text: 'all parts of file' }], query: 'Please summarise whales.md' },
    })
  })

  it.each(['What is in these documents?', 'Please summarise whales.md'])('is a use of its stores: %s', async (query) => {
    const { read } = await retrieve({ vectorStoreIds: ['vs'] }, { params: { query } })
    expect(read).toEqual([{ tenant: 'acme', vectorStoreIds: ['vs'] }])
  })

  it.each([
    ['of a topic that is no document’s name', { query: 'Give me an overview of hearts' }],
    ['within filters', { query: 'Summarise these files', filters: { type: 'eq', key: 'year', value: 2024 } }],
  ])('%s goes by what is found', async (_, params) => {
    const { asked, events } = await retrieve({}, { found: [krill, heart], params })
    expect(asked).toHaveLength(1)
    expect(events.at(-1)).toMatchObject({ output: { passages: [{ text: krill.text }, { text: heart.text }] } })
  })
})
