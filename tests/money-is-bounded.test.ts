import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type ModelServer, startOpenAiServer } from '@weft/models/testing'
import { z } from 'zod'
import { eventually, makeKey, pausedOf, post, refusalOf } from './mesh/paused-sessions.ts'
import { bodyOf, meshProcesses, openAiClient, request, sharedMesh, weft } from './mesh/shared-mesh.ts'

/** A million tokens of an answer cost 10 and half a US dollar. */
const [usual, cheap] = ['openai/gpt-6.1-sol', 'openai/gpt-6-luna'] as const
/** No other test has it fail. */
const shaky = `shaky-${Date.now()}`
const ask = { messages: [{ role: 'user' as const, content: 'Where do herons stand?' }] }

let server: ModelServer
/** Of a tenant that nobody else is in. */
let key: string
let tenants = 0

beforeAll(async () => {
  server = await startOpenAiServer({
    port: sharedMesh().openAiPort,
    // A gateway asks for the list once a minute, and other tests look for theirs.
    models: ['test-model', 'gpt-6.1-sol', 'gpt-6-luna', shaky],
    reply: { kind: 'text', chunks: ['In shallow ', 'water.'], inputTokens: 10, outputTokens: 20 },
  })
})
afterAll(() => server.stop())
beforeEach(async () => {
  tenants += 1
  key = (await makeKey({ tenant: `money-${Date.now()}-${tenants}`, scopes: ['chat', 'approve', 'admin'] })).key
})

const chat = (body: object, more: { key?: string; headers?: Record<string, string> } = {}) =>
  request('/v1/chat/completions', {
    method: 'POST',
    key: more.key ?? key,
    headers: { 'content-type': 'application/json', ...more.headers },
    body: JSON.stringify({ ...ask, ...body }),
  })
const Answer = z.looseObject({ model: z.string() })

function planOf(model: object): object {
  const step = { stepId: 'say', agent: 'reasoning', capability: 'reason', params: {}, dependsOn: [], parallel: false, model }
  return { planId: 'p', schemaVersion: 1, answerStepId: 'say', steps: [step] }
}

async function putBudget(limitUsd: number, onBreach: string): Promise<void> {
  const body = JSON.stringify({ scope: 'tenant', limitUsd, period: 'total', onBreach })
  const put = await request('/v1/budgets', { method: 'PUT', key, headers: { 'content-type': 'application/json' }, body })
  expect(put.status).toBe(200)
}

async function refusalOrText(answer: Response): Promise<unknown> {
  if (!answer.ok) return refusalOf(answer)
  const Completion = z.looseObject({ choices: z.array(z.looseObject({ message: z.looseObject({ content: z.string() }) })) })
  return Completion.parse(await answer.json()).choices[0]?.message.content
}

const Calls = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), model: z.string(), outcome: z.string(), costUsd: z.number() })),
})

/** The tenant's calls, newest first, once there are so many: they are there half a second after their end. */
async function callsOf(count: number): Promise<z.infer<typeof Calls>['data']> {
  let calls: z.infer<typeof Calls>['data'] = []
  await eventually(async () => {
    calls = (await bodyOf(Calls, request('/v1/usage/calls', { key }))).data
    return calls.length >= count
  })
  expect(calls).toHaveLength(count)
  return calls
}

const callOf = (id: string) => bodyOf(z.looseObject({ receipt: z.unknown() }), request(`/v1/usage/calls/${id}`, { key }))

describe('a budget', () => {
  it('that is used up refuses with 402, says what is left, and nothing is sent', async () => {
    await putBudget(0.000_001, 'reject')
    const sent = server.requests.length
    const client = openAiClient({ apiKey: key, maxRetries: 2 })
    await expect(client.chat.completions.create({ model: usual, max_tokens: 100, ...ask })).rejects.toMatchObject({
      status: 402,
      code: 'budget_exceeded',
      type: 'insufficient_quota',
      param: null,
      message: expect.stringContaining('has 0.000001 USD of 0.000001 USD left'),
    })
    const refused = await chat({ model: usual, max_tokens: 100, stream: true })
    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([402, 'false'])
    expect(server.requests).toHaveLength(sent)
    expect((await bodyOf(Calls, request('/v1/usage/calls', { key }))).data).toEqual([])
  })

  it.each([{}, { stream: true, weft: { progress: false } }])(
    'that is used up refuses a workflow alike, whose step would have called the model: %j',
    async (more) => {
      await putBudget(0.000_001, 'reject')
      const plan = planOf({ prefer: usual })
      const refused = await chat({ model: 'weft/auto', ...more, weft: { plan, ...more.weft } })
      expect(refused.headers.get('x-should-retry')).toBe('false')
      expect(await refusalOf(refused)).toMatchObject({ status: 402, code: 'budget_exceeded' })
    },
  )

  it('that asks pauses the step of a workflow as an approval, and the approved step exceeds it', async () => {
    await putBudget(0.000_001, 'ask')
    const paused = pausedOf(
      await bodyOf(z.looseObject({}), chat({ model: 'weft/auto', weft: { plan: planOf({ prefer: usual }) } })),
    )
    expect(paused.status).toBe('awaiting_approval')
    const [{ id = '' } = {}] = paused.approvals
    const shown = await bodyOf(z.looseObject({ reason: z.string() }), request(`/approvals/${id}`, { key }))
    expect(shown.reason).toContain('has 0.000001 USD of 0.000001 USD left')
    expect((await post(`/approvals/${id}/approve`, {}, key)).status).toBe(200)
    const Session = z.looseObject({ status: z.string() })
    const statusNow = async () => (await bodyOf(Session, request(`/v1/sessions/${paused.sessionId}`, { key }))).status
    await eventually(async () => (await statusNow()) === 'completed')
    const [call] = await callsOf(1)
    expect(call).toMatchObject({ model: usual, outcome: 'completed', costUsd: 0.000_22 })
    const Budgets = z.looseObject({ data: z.array(z.looseObject({ spentUsd: z.number() })) })
    expect(await bodyOf(Budgets, request('/v1/budgets', { key }))).toMatchObject({ data: [{ spentUsd: 0.000_22 }] })
  })

  it('with room for one call is not used up by that of a process that was killed: the step is done again', async () => {
    // What a whole answer of the model may cost at its highest rate is more than half of it.
    await putBudget(3, 'reject')
    const sent = server.requests.length
    server.script({ kind: 'text', chunks: ['In ', 'deep ', 'water.'], delayMs: 10_000 })
    const answering = chat({ model: 'weft/auto', weft: { plan: planOf({ prefer: usual }) } })
    await eventually(async () => server.requests.length > sent)
    const killed = (await meshProcesses()).find(({ name }) => name === 'reasoning')
    process.kill(killed?.pid ?? 0, 'SIGKILL')
    const answer = await answering
    expect(await refusalOrText(answer)).toBe('In shallow water.')
    expect((await callsOf(2)).map(({ outcome }) => outcome)).toEqual(['completed', 'lost'])
    await eventually(async () => (await meshProcesses()).every(({ state }) => state === 'ready'))
  })

  it('that degrades has a cheaper model answer, and says so in the answer and in the ledger', async () => {
    await untilRouted()
    await putBudget(0.01, 'degrade')
    const answer = await chat({ model: usual, max_tokens: 4_000 })
    expect([answer.status, answer.headers.get('x-weft-degraded')]).toEqual([200, 'cheaper_model'])
    expect(await bodyOf(Answer, answer)).toMatchObject({ model: cheap })
    const [call] = await callsOf(1)
    expect(await callOf(call?.id ?? '')).toMatchObject({ receipt: { chain: [cheap], insteadOf: { model: usual } } })
  })
})

it('the router’s choice has a receipt with the call, over HTTP and on the command line', async () => {
  await untilRouted()
  const answer = await bodyOf(Answer, chat({ model: 'router/auto', max_tokens: 50 }))
  const [call] = await callsOf(1)
  expect(await callOf(call?.id ?? '')).toMatchObject({
    model: answer.model,
    price: { inputUsd: expect.any(Number) },
    receipt: {
      chain: expect.arrayContaining([answer.model]),
      candidates: expect.arrayContaining([expect.objectContaining({ model: answer.model, expectedUsd: expect.any(Number) })]),
      excluded: expect.arrayContaining([expect.objectContaining({ code: 'extractive' })]),
      why: expect.stringContaining(answer.model),
    },
  })
  const { apiKey } = sharedMesh()
  const user = `ann-${Date.now()}`
  expect((await chat({ model: cheap, user, weft: { cache: false } }, { key: apiKey })).status).toBe(200)
  const newest = async () => (await bodyOf(Calls, request(`/v1/usage/calls?user=${user}`))).data[0]
  await eventually(async () => (await newest()) !== undefined)
  const shown = await weft(['usage', 'call', (await newest())?.id ?? ''])
  expect(shown.stdout).toContain(`chat of ${cheap}: completed`)
})

it('a key over its limit gets 429 with the time to wait; each answer tells what is left', async () => {
  const limited = await bodyOf(
    z.looseObject({ key: z.string() }),
    post('/v1/keys', { name: 'limited', scopes: ['chat'], limits: { requestsPerMinute: 2 } }, key),
  )
  const first = await chat({ model: cheap }, limited)
  expect([first.status, first.headers.get('x-ratelimit-limit-requests')]).toEqual([200, '2'])
  expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1')
  expect((await chat({ model: cheap }, limited)).status).toBe(200)
  const sent = server.requests.length
  const refused = await chat({ model: cheap }, limited)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0')
  expect(await refusalOf(refused)).toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
  expect(server.requests).toHaveLength(sent)
  expect((await chat({ model: cheap })).status).toBe(200)
})

it('a model that fails is replaced by its fallback, and after five failures left alone', async () => {
  const model = `openai/${shaky}`
  server.script(...Array.from({ length: 5 }, () => ({ kind: 'error' as const, status: 500 })))
  for (let failures = 0; failures < 4; failures += 1) expect((await chat({ model })).status).toBe(502)
  const asked = () => server.requests.filter(({ body }) => body.model === shaky).length
  expect(await bodyOf(Answer, chat({ model, weft: { fallbacks: [cheap] } }))).toMatchObject({ model: cheap })
  expect(asked()).toBe(5)
  const refused = await chat({ model })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refusalOf(refused)).toMatchObject({ status: 503 })
  expect(await bodyOf(Answer, chat({ model, weft: { fallbacks: [cheap] } }))).toMatchObject({ model: cheap })
  expect(asked()).toBe(5)
  expect((await callsOf(7)).map(({ outcome }) => outcome).toSorted()).toEqual([
    ...Array.from({ length: 2 }, () => 'completed'),
    ...Array.from({ length: 5 }, () => 'failed'),
  ])
})

it.each([true, false])(
  'an answer that is given again says so and costs nothing, unless the request wants none (streamed: %s)',
  async (stream) => {
    const body = {
      model: cheap,
      stream,
      temperature: 0,
      messages: [{ role: 'user', content: `Herons, ${stream} ${Date.now()}?` }],
    }
    const cacheUse = async (more: { body?: object; headers?: Record<string, string> } = {}) => {
      const answer = await chat({ ...body, ...more.body }, { headers: more.headers ?? {} })
      return { use: answer.headers.get('x-weft-cache'), text: await answer.text() }
    }
    const sent = server.requests.length
    const first = await cacheUse()
    const again = await cacheUse()
    expect([first.use, again.use, server.requests.length - sent]).toEqual(['miss', 'hit', 1])
    expect(again.text).toBe(first.text)
    expect((await cacheUse({ body: { weft: { cache: false } } })).use).toBe('bypass')
    expect((await cacheUse({ headers: { 'cache-control': 'no-store' } })).use).toBe('bypass')
    expect(server.requests.length - sent).toBe(3)
    const calls = await callsOf(4)
    expect(calls.map(({ outcome, costUsd }) => [outcome, costUsd > 0]).toSorted()).toEqual([
      ['cached', false],
      ['completed', true],
      ['completed', true],
      ['completed', true],
    ])
  },
)

/** A gateway asks this server for its models once a minute: another test may have been before. */
async function untilRouted(): Promise<void> {
  const until = Date.now() + 90_000
  while ((await chat({ model: 'router/auto', max_tokens: 50 }, { key: sharedMesh().apiKey })).status !== 200) {
    if (Date.now() > until) throw new Error('the router does not get to know the models of this test')
    await sleep(1_000)
  }
}
