import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { SessionEvent } from '@weft/contracts'
import { emptyLog, startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { answerOf, endItem, eventItem, plan, textItem, viewOf } from '../testing/turns.ts'

let gateway: TestGateway
beforeEach(async () => {
  gateway = await startGateway()
})
afterEach(() => gateway.stop())

const question = { model: 'weft/auto', messages: [{ role: 'user' as const, content: 'Why is the sky blue?' }] }

function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return gateway.request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

function answerWith(text: string, degraded: string[] = []): void {
  gateway.session.onSubmit = (_turn, reply) => {
    reply(
      eventItem(1, 'turn.accepted'),
      eventItem(2, 'plan.ready', { plan }),
      eventItem(3, 'step.dispatched', { stepId: 'retrieve' }),
    )
    const half = Math.ceil(text.length / 2)
    reply(textItem(half, text.slice(half)))
    reply(textItem(0, text.slice(0, half)), textItem(0, text.slice(0, half)))
    reply(endItem('completed', answerOf(text, { degraded })))
  }
}

describe('a workflow answer', () => {
  it('streams to the published client: role, progress, text in order, one finish', async () => {
    answerWith('Because of Rayleigh scattering.')
    const client = gateway.client(await gateway.makeKey())
    const stream = client.chat.completions.stream({ ...question, stream_options: { include_usage: true } })
    const deltas: unknown[] = []
    stream.on('chunk', (chunk) => deltas.push(chunk))
    const completion = await stream.finalChatCompletion()
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'Because of Rayleigh scattering.' },
    })
    expect(completion.usage).toEqual({ prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 })
    expect(deltas[0]).toMatchObject({ choices: [{ delta: { role: 'assistant' } }], usage: null })
    expect(JSON.stringify(deltas[1])).toContain('"reasoning_content":"plan: retrieve, answer\\n"')
    expect(completion).toMatchObject({
      weft: { turn: 1, status: 'completed', citations: [], usageByModel: [{ model: 'offline/extractive' }] },
    })
  })

  it('is one body when not streamed, with the session named in body and header', async () => {
    answerWith('Short.')
    const response = await post(question)
    const body = (await response.json()) as { choices: unknown[]; weft: { sessionId: string } }
    expect(response.status).toBe(200)
    expect(body.choices).toMatchObject([{ message: { content: 'Short.' }, finish_reason: 'stop' }])
    expect(response.headers.get('x-session-id')).toBe(body.weft.sessionId)
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
  })

  it.each([
    ['length', 'answer_truncated'],
    ['content_filter', 'content_filter'],
  ])('that its model ended early says so as a model would: %s', async (reason, degraded) => {
    answerWith('Half an', [degraded])
    const body = await (await post(question)).json()
    expect(body).toMatchObject({ choices: [{ message: { content: 'Half an' }, finish_reason: reason }] })
    answerWith('Half an', [degraded])
    expect(await (await post({ ...question, stream: true })).text()).toContain(`"finish_reason":"${reason}"`)
  })

  it('comes from the session itself when every reply is lost', async () => {
    gateway.session.onView = () => viewOf({ status: 'completed', plan, answer: answerOf('Found by asking.') })
    const response = await post({ ...question, stream: true })
    const text = await response.text()
    expect(text).toContain('Found by asking.')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it('is told from the log when the same request comes again and its session no longer keeps the turn', async () => {
    const event = (seq: number, type: SessionEvent['type'], more = {}): SessionEvent => {
      return { seq, at: '2026-01-01T00:00:00Z', type, sessionId: 's', turn: 1, ...more }
    }
    const told = [event(1, 'turn.accepted'), event(2, 'turn.completed', { answer: answerOf('As I said.') })]
    await gateway.stop()
    gateway = await startGateway({ log: { ...emptyLog, turnEnds: async (_session, turn) => (turn === 1 ? told : []) } })
    gateway.session.submit = async ({ sessionId }) => ({ sessionId, turn: 1, isRepeat: true })
    gateway.session.onView = () => viewOf({ turn: 22, status: 'completed' })
    expect(await (await post(question, { 'idempotency-key': 'k' })).json()).toMatchObject({
      created: Date.parse('2026-01-01T00:00:00Z') / 1_000,
      choices: [{ message: { content: 'As I said.' } }],
      weft: { turn: 1, status: 'completed' },
    })
    gateway.session.submit = async ({ sessionId }) => ({ sessionId, turn: 2, isRepeat: true })
    expect((await post(question, { 'idempotency-key': 'k' })).status).toBe(410)
  })

  it('is the same answer when the same request comes again, with the progress it had', async () => {
    const event = (seq: number, type: SessionEvent['type'], more = {}): SessionEvent => {
      return { seq, at: '2026-01-01T00:00:00Z', type, sessionId: 's', turn: 1, ...more }
    }
    const told = [event(1, 'turn.accepted'), event(2, 'plan.ready', { plan })]
    await gateway.stop()
    gateway = await startGateway({ log: { ...emptyLog, eventsOfTurn: async (_session, turn) => (turn === 1 ? told : []) } })
    const answer = answerOf('Because.')
    gateway.session.onSubmit = (_turn, reply) =>
      reply(eventItem(1, 'turn.accepted'), eventItem(2, 'plan.ready', { plan }), endItem('completed', answer))
    const ask = async () => (await post(question, { 'idempotency-key': 'k' })).json()
    const first = await ask()
    expect(first).toMatchObject({ choices: [{ message: { content: 'Because.', reasoning_content: 'plan: retrieve, answer' } }] })
    gateway.session.submit = async ({ sessionId }) => ({ sessionId, turn: 1, isRepeat: true })
    gateway.session.onView = () => viewOf({ status: 'completed', plan, answer })
    expect(await ask()).toEqual(first)
  })

  it('ends with a typed error and no [DONE] when its agent starts over with other words', async () => {
    gateway.session.onSubmit = (_turn, reply) => {
      reply(eventItem(1, 'turn.accepted'), eventItem(2, 'plan.ready', { plan }), textItem(0, 'Because'))
      setTimeout(() => reply(textItem(0, 'Owing', { attempt: 2 })), 30)
    }
    const response = await post({ ...question, stream: true }, { 'x-session-id': 'sess_mine' })
    const text = await response.text()
    expect(text).toContain('"error":{"message":"the answer is another than the text that was sent')
    expect(text).toContain('/v1/sessions/sess_mine')
    expect(text).not.toContain('[DONE]')
  })

  it('goes on seamlessly when its agent starts over with the same words', async () => {
    gateway.session.onSubmit = (_turn, reply) => {
      reply(eventItem(1, 'turn.accepted'), eventItem(2, 'plan.ready', { plan }), textItem(0, 'Because'))
      setTimeout(() => reply(textItem(0, 'Because it is.', { attempt: 2 }), endItem('completed', answerOf('Because it is.'))), 30)
    }
    const client = gateway.client(await gateway.makeKey())
    const completion = await client.chat.completions.stream(question).finalChatCompletion()
    expect(completion.choices[0]?.message.content).toBe('Because it is.')
  })

  it('that failed at once has a real status, streamed or not, and is not to be retried', async () => {
    const problem = { code: 'upstream_error' as const, message: 'the model refused', isRetryable: true }
    gateway.session.onSubmit = (_turn, reply) =>
      reply(eventItem(1, 'turn.accepted'), endItem('failed', answerOf('', { problem })))
    for (const stream of [true, false]) {
      const response = await post({ ...question, stream }, { 'x-session-id': 'sess_failed' })
      expect(response.status).toBe(502)
      expect(response.headers.get('x-should-retry')).toBe('false')
      expect(await response.json()).toEqual({
        error: { message: 'the model refused (session sess_failed)', type: 'server_error', param: null, code: 'upstream_error' },
      })
    }
  })

  it('leaves progress out when asked to', async () => {
    answerWith('Plain.')
    const response = await post({ ...question, stream: true, weft: { progress: false } })
    expect(await response.text()).not.toContain('reasoning_content')
  })

  it('is acknowledged at once in the background', async () => {
    const response = await post({ ...question, weft: { background: true } }, { 'x-session-id': 'sess_bg' })
    expect(response.status).toBe(202)
    expect(await response.json()).toEqual({ id: 'sess_bg', object: 'session', turn: 1, status: 'running' })
  })
})

describe('what a turn is given', () => {
  it('is the same session and turn, and its answer the same completion, for the same idempotency key, another for another tenant', async () => {
    answerWith('x')
    const { submit } = gateway.session
    gateway.session.submit = async (turn, signal) => ({ ...(await submit(turn, signal)), traceId: 'a'.repeat(32) })
    const completions = new Set<string>()
    for (let repeat = 0; repeat < 2; repeat += 1)
      completions.add(await (await post(question, { 'idempotency-key': 'order-7' })).text())
    expect([...completions].map((body) => JSON.parse(body))).toEqual([
      expect.objectContaining({
        id: expect.stringMatching(/^chatcmpl_/),
        created: Date.parse('2026-01-01T00:00:00Z') / 1_000,
        weft: expect.objectContaining({ traceId: 'a'.repeat(32) }),
      }),
    ])
    const other = await gateway.makeKey({ tenant: 'acme' })
    await gateway.request('/v1/chat/completions', {
      method: 'POST',
      key: other,
      headers: { 'content-type': 'application/json', 'idempotency-key': 'order-7' },
      body: JSON.stringify(question),
    })
    const [first, second, third] = gateway.session.submitted
    expect(second?.sessionId).toBe(first?.sessionId)
    expect(second?.idempotencyKey).toBe(first?.idempotencyKey)
    expect(second?.requestHash).toBe(first?.requestHash)
    expect(first?.requestHash).toMatch(/^[0-9a-f]{64}$/)
    expect(third?.sessionId).not.toBe(first?.sessionId)
    expect(third?.tenant).toBe('acme')
  })

  it('carries the reply topic, the stores, the user and the model options', async () => {
    answerWith('x')
    await post({ ...question, user: 'ann', temperature: 0.2, max_tokens: 50 })
    expect(gateway.session.submitted[0]).toMatchObject({
      tenant: 'default',
      replyTopic: 'gateway.0',
      vectorStoreIds: ['vs_1'],
      user: 'ann',
      modelOptions: { temperature: 0.2, max_tokens: 50 },
    })
  })

  it('asks for no more of the course than it will show', async () => {
    answerWith('x')
    for (const more of [{ stream: true }, {}, { weft: { progress: false } }, { stream: true, weft: { background: true } }])
      await (await post({ ...question, ...more })).text()
    expect(gateway.session.submitted.map(({ replyDetail }) => replyDetail)).toEqual(['text', 'events', 'end', 'end'])
  })

  it('names fields that had no effect', async () => {
    answerWith('x')
    const response = await post({ ...question, logit_bias: {}, flavour: 'mint' })
    expect(response.headers.get('x-weft-ignored-fields')).toBe('logit_bias, flavour')
    answerWith('x')
    const offering = await post({ ...question, tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'auto' })
    expect([offering.status, offering.headers.get('x-weft-ignored-fields')]).toEqual([200, 'tools'])
    answerWith('x')
    const dated = await post({ ...question, weft: { asOf: '2026-01-31' } })
    expect([dated.status, dated.headers.get('x-weft-ignored-fields')]).toEqual([200, 'weft.asOf'])
  })
})

describe('a reader that hangs up', () => {
  async function hangUp(weft: object): Promise<void> {
    const abort = new AbortController()
    gateway.session.onSubmit = (_turn, reply) =>
      reply(eventItem(1, 'turn.accepted'), eventItem(2, 'plan.ready', { plan }), textItem(0, 'Beca'))
    const response = await gateway.request('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...question, stream: true, weft }),
      signal: abort.signal,
    })
    await response.body?.getReader().read()
    abort.abort()
    while (gateway.streams.count() > 0) await new Promise((resolve) => setTimeout(resolve, 10))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }

  it('cancels nothing', async () => {
    await hangUp({})
    expect(gateway.session.cancelled).toEqual([])
    expect(gateway.streams.count()).toBe(0)
  })

  it('cancels its turn when it said so', async () => {
    await hangUp({ cancelOnDisconnect: true })
    expect(gateway.session.cancelled).toEqual([1])
  })
})
