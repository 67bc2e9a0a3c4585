import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { answerOf, endItem } from '../testing/turns.ts'

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

const planWith = (more: object) => ({
  planId: 'p',
  schemaVersion: 1,
  steps: [{ stepId: 'a', agent: 'rag', capability: 'retrieve', ...more }],
  answerStepId: 'a',
})
const tool = { type: 'function', function: { name: 'f' } }

describe('bad requests', () => {
  it.each([
    ['malformed JSON', '{"model":', 400, null],
    ['a wrong type', { ...question, temperature: 'hot' }, 400, 'temperature'],
    ['five words to stop at', { ...question, stop: ['a', 'b', 'c', 'd', 'e'] }, 400, 'stop'],
    ['no messages', { model: 'weft/auto', messages: [] }, 400, 'messages'],
    ['a wrong role', { model: 'weft/auto', messages: [{ role: 'robot', content: 'x' }] }, 400, 'messages.0.role'],
    ['stream options without a stream', { ...question, stream_options: { include_usage: true } }, 400, 'stream_options'],
    ['a bound of Weft misspelt', { ...question, weft: { budgetUSD: 1 } }, 400, 'weft.budgetUSD'],
    [
      'a step that would run unasked, its approval misspelt',
      { ...question, weft: { plan: planWith({ aproval: { reason: 'money' } }) } },
      400,
      'weft.plan.steps.0.aproval',
    ],
    [
      'a join misspelt',
      { ...question, weft: { plan: planWith({ join: { atleast: 1 } }) } },
      400,
      'weft.plan.steps.0.join.atLeast',
    ],
    ['a day that is none', { ...question, weft: { asOf: 'yesterday' } }, 400, 'weft.asOf'],
    ['an unknown mode', { ...question, model: 'weft/magic' }, 404, 'model'],
    ['a tool that a workflow would have to call', { ...question, tools: [tool], tool_choice: 'required' }, 400, 'tool_choice'],
    ['several answers of a workflow', { ...question, n: 2 }, 400, 'n'],
    ['deep nesting', `{"a":${'['.repeat(500)}${']'.repeat(500)}}`, 400, null],
    ['a body that is not an object', '"hello"', 400, null],
  ])('%s', async (...[, body, status, param]) => {
    const response = await post(body)
    const { error } = (await response.json()) as { error: Record<string, unknown> }
    expect(response.status).toBe(status)
    expect(error).toEqual({ message: expect.any(String), type: 'invalid_request_error', param, code: expect.any(String) })
    expect(response.headers.get('x-request-id')).not.toBeNull()
    expect(gateway.session.submitted).toEqual([])
  })

  it('with a plan of 201 steps are refused, saying how many it may have, and with one of 200 are not', async () => {
    await gateway.stop()
    gateway = await startGateway({ plans: { requireSound: async () => undefined } })
    gateway.session.onSubmit = (_turn, reply) => reply(endItem('completed', answerOf('Done.')))
    const withSteps = (count: number) => {
      const steps = Array.from({ length: count }, (_, n) => ({ stepId: `s${n}`, agent: 'rag', capability: 'retrieve' }))
      return { ...question, weft: { plan: { planId: 'p', schemaVersion: 1, steps, answerStepId: 's0' } } }
    }
    const refused = await post(withSteps(201))
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({
      error: { param: 'weft.plan.steps', message: expect.stringMatching(/'weft[.]plan[.]steps' .*200/) },
    })
    expect((await post(withSteps(200))).status).toBe(200)
    expect(gateway.session.submitted).toHaveLength(1)
  })

  it('larger than 8 MiB are refused whole, and the connection stays usable', async () => {
    const response = await post({ ...question, padding: 'x'.repeat(20 * 1_048_576) })
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ error: { code: 'payload_too_large' } })
  })

  it('of another type, or not UTF-8, are refused', async () => {
    expect((await post('model=weft', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(415)
    const broken = await gateway.request('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from([0x22, 0xff, 0x22]),
    })
    expect(broken.status).toBe(400)
    expect(await broken.json()).toMatchObject({ error: { message: 'the request body is not valid UTF-8' } })
  })

  it.each([
    ['X-Session-ID', '../../etc'],
    ['Idempotency-Key', 'a b'],
  ])('name the header %s', async (header, value) => {
    const response = await post(question, { [header.toLowerCase()]: value })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param: header } })
  })
})

describe('a mesh that is partly down', () => {
  it('is waited for, and the turn is submitted once it is back', async () => {
    const { submit } = gateway.session
    let failures = 3
    gateway.session.submit = async (turn, signal) => {
      failures -= 1
      if (failures >= 0) throw new WeftError('dependency_unavailable', 'restarting')
      return submit(turn, signal)
    }
    gateway.session.onSubmit = (_turn, reply) => reply(endItem('completed', answerOf('Back again.')))
    expect((await post(question)).status).toBe(200)
  })

  it('is named when it stays down, and the client is told to come back', async () => {
    await gateway.stop()
    gateway = await startGateway({ patienceMs: 300 })
    gateway.session.submit = async () =>
      Promise.reject(new WeftError('dependency_unavailable', 'actor type Session is not available'))
    const response = await post(question)
    expect(response.status).toBe(503)
    expect(response.headers.get('x-should-retry')).toBe('true')
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining('orchestrator'), code: 'dependency_unavailable' },
    })
  })
})
