import { expect, it } from '@jest/globals'
import type { AgentEvent, ExecuteRequest } from '@weft/contracts'
import type { SearchRequest } from '@weft/retrieval'
import { retrievePassages } from './retrieve-passages.ts'

async function retrieve(context: ExecuteRequest['context'], skipped: string[] = []) {
  const events: AgentEvent[] = []
  const asked: { request: SearchRequest; account: unknown }[] = []
  const tools = {
    search: async (request: SearchRequest, account: unknown) => {
      asked.push({ request, account })
      return { results: [], skipped }
    },
    rewriteQuestion: () => Promise.reject(new Error('a query of its own is not rewritten')),
  }
  const request: ExecuteRequest = {
    sessionId: 'sess_1',
    turn: 1,
    stepId: 'retrieve',
    attempt: 1,
    capability: 'retrieve',
    params: { query: 'rain' },
    input: { messages: [] },
    dependencies: {},
    context,
    deadline: '2026-01-01T00:00:00Z',
  }
  const call = {
    emit: (event: AgentEvent) => events.push(event),
    signal: new AbortController().signal,
    tenant: 'acme',
    agent: 'rag',
  }
  await retrievePassages(tools, request, call)
  return { events, asked }
}

it('searches within the latency budget of the request, on its account', async () => {
  const { asked } = await retrieve({ latencyBudgetMs: 150, user: 'ann' })
  expect(asked[0]?.request.options).toEqual({ mode: 'hybrid', latencyBudgetMs: 150 })
  expect(asked[0]?.account).toMatchObject({ tenant: 'acme', user: 'ann', sessionId: 'sess_1', agent: 'rag' })
  expect((await retrieve({})).asked[0]?.request.options).toBeUndefined()
})

it('says why it searched without something, and marks what is answered from that', async () => {
  const { events } = await retrieve({}, ['rerank: it takes long', 'rerank: it failed', 'vectors: out of order'])
  expect(events).toContainEqual({ type: 'progress', message: 'searched without rerank: it takes long' })
  expect(events.at(-1)).toMatchObject({
    type: 'result',
    output: { degraded: ['search_skipped:rerank', 'search_skipped:vectors'] },
  })
})
