import { describe, expect, it } from '@jest/globals'
import { type AgentCard, type AgentEvent, WeftError } from '@weft/contracts'
import express from 'express'
import supertest from 'supertest'
import type { Execute } from './execution.ts'
import { listen } from './listen.ts'
import { serveAgent } from './serve-agent.ts'
import { createMemoryKeptResults } from './testing.ts'

const card: AgentCard = {
  id: 'worker',
  version: '1',
  description: 'works',
  capabilities: [{ name: 'work', description: '', inputSchema: {}, outputSchema: {}, effects: 'none' }],
}

const body = {
  sessionId: 's',
  turn: 1,
  stepId: 'a',
  attempt: 1,
  capability: 'work',
  params: {},
  input: { messages: [] },
  dependencies: {},
  context: { tenant: 't' },
  deadline: new Date(Date.now() + 60_000).toISOString(),
}

function appOf(execute: Execute) {
  const app = express()
  app.use(express.json())
  app.use(serveAgent({ card, execute, results: createMemoryKeptResults() }))
  return app
}

function serve(execute: Execute) {
  return supertest(appOf(execute))
}

const execute = (port: number, request: object, signal: AbortSignal | null = null) =>
  fetch(`http://127.0.0.1:${port}/execute`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  })

const lines = (text: string): AgentEvent[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
const result: AgentEvent = { type: 'result', output: { text: 'ab' }, citations: [], confidence: 1 }
const ended = { ...result, agentVersion: card.version }

describe('an agent', () => {
  it('streams its events as lines and ends with one result', async () => {
    const agent = serve(async (_request, emit) => {
      emit({ type: 'text', delta: 'a' })
      emit({ type: 'text', delta: 'b' })
      emit(result)
      emit({ type: 'text', delta: 'after the end' })
    })
    const answer = await agent
      .post('/execute')
      .send(body)
      .expect('content-type', /x-ndjson/)
    expect(lines(answer.text)).toEqual([{ type: 'text', delta: 'a' }, { type: 'text', delta: 'b' }, ended])
  })

  it('answers a finished key with the kept result, without working again', async () => {
    let runs = 0
    const agent = serve(async (_request, emit) => {
      runs += 1
      emit({ type: 'usage', model: 'm', inputTokens: 1, outputTokens: 1, costUsd: 1, measured: true })
      emit(result)
    })
    await agent.post('/execute').send(body)
    const again = await agent.post('/execute').send({ ...body, attempt: 2 })
    expect(runs).toBe(1)
    expect(lines(again.text).map((event) => event.type)).toEqual(['usage', 'result'])
  })

  it('lets callers of one key share one run, each from its beginning', async () => {
    let runs = 0
    const { promise: allCame, resolve: release } = Promise.withResolvers<void>()
    const server = await listen(
      appOf(async (_request, emit) => {
        runs += 1
        emit({ type: 'text', delta: 'ab' })
        await allCame
        emit(result)
      }),
      { port: 0 },
    )
    // Each has come once its answer has begun.
    const answers = await Promise.all([1, 2, 3].map((attempt) => execute(server.port, { ...body, attempt })))
    release()
    for (const answer of answers) expect(lines(await answer.text())).toEqual([{ type: 'text', delta: 'ab' }, ended])
    expect(runs).toBe(1)
    await server.stop(0)
  })

  it('says an error when its work throws or ends without a result, and may then be asked again', async () => {
    let runs = 0
    const agent = serve(async () => {
      runs += 1
      if (runs === 1) throw new Error('broken')
    })
    expect(lines((await agent.post('/execute').send(body)).text)).toMatchObject([{ type: 'error', message: 'broken' }])
    expect(lines((await agent.post('/execute').send(body)).text)).toMatchObject([{ type: 'error', isRetryable: true }])
    expect(runs).toBe(2)
  })

  it('works on when its reader leaves, and the next one joins from the beginning', async () => {
    let runs = 0
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const server = await listen(
      appOf(async (_request, emit) => {
        runs += 1
        emit({ type: 'text', delta: 'ab' })
        await released
        emit(result)
      }),
      { port: 0 },
    )
    const leaving = new AbortController()
    await (await execute(server.port, body, leaving.signal)).body?.getReader().read()
    leaving.abort()
    const next = await execute(server.port, body)
    release()
    expect(lines(await next.text())).toEqual([{ type: 'text', delta: 'ab' }, ended])
    expect(runs).toBe(1)
    await server.stop(0)
  })

  it('keeps a result once the state store is back, instead of throwing the work away', async () => {
    const results = createMemoryKeptResults()
    let refusals = 2
    const flaky = {
      ...results,
      async keep(...kept: Parameters<typeof results.keep>) {
        if (refusals-- > 0) throw new WeftError('dependency_unavailable', 'the state store is away')
        await results.keep(...kept)
      },
    }
    const app = express()
    app.use(express.json())
    app.use(serveAgent({ card, execute: async (_request, emit) => emit(result), results: flaky }))
    expect(lines((await supertest(app).post('/execute').send(body)).text)).toEqual([ended])
    expect(await results.find('t/s/1/a')).toMatchObject({ result })
  })

  it('stops work that is cancelled', async () => {
    const agent = serve(async (_request, emit, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      emit({ type: 'error', code: 'cancelled', message: 'stopped', isRetryable: false })
    })
    const running = agent
      .post('/execute')
      .send(body)
      .then((answer) => lines(answer.text))
    for (let isCancelled = false; !isCancelled; ) {
      const answer = await agent.post('/cancel').send({ tenant: 't', idempotencyKey: 's/1/a' })
      isCancelled = answer.body.value.isCancelled
    }
    expect(await running).toMatchObject([{ code: 'cancelled' }])
  })

  it('says which version did its work, also of what was kept by an earlier one, and when it failed', async () => {
    const results = createMemoryKeptResults()
    const ask = (version: string, execute: Execute) => {
      const app = express()
      app.use(express.json())
      app.use(serveAgent({ card: { ...card, version }, execute, results }))
      return supertest(app).post('/execute')
    }
    const fails = async () => Promise.reject(new Error('broken'))
    const failed = await ask('1', fails).send(body)
    const done = await ask('2', async (_request, emit) => emit(result)).send(body)
    const again = await ask('3', fails).send(body)
    const refused = await ask('4', fails).send({ ...body, turn: 'one' })
    expect([failed, done, again, refused].flatMap(({ text }) => lines(text))).toMatchObject([
      { type: 'error', agentVersion: '1' },
      { type: 'result', agentVersion: '2' },
      { type: 'result', agentVersion: '2' },
      { type: 'error', agentVersion: '4' },
    ])
  })

  it('refuses a request that is not one, naming what is wrong', async () => {
    const agent = serve(async () => undefined)
    const answer = await agent.post('/execute').send({ ...body, turn: 'one' })
    expect(lines(answer.text)).toMatchObject([
      { type: 'error', code: 'invalid_request', message: expect.stringContaining("'turn'") },
    ])
  })
})
