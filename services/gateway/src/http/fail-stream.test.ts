import { afterEach, describe, expect, it } from '@jest/globals'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { answerOf, endItem, eventItem, plan, textItem, viewOf } from '../testing/turns.ts'

let gateway: TestGateway
afterEach(() => gateway.stop())

const secret = 'no connection to 10.0.0.7'
const fails = async () => Promise.reject(new Error(secret))

const unreadable = {
  ...answerOf('Because.'),
  get usage(): never {
    throw new Error(secret)
  },
}

function post(model: string): Promise<Response> {
  return gateway.request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'Why?' }] }),
  })
}

/** The client is told that the request id names the failure in the logs; there it is. */
async function expectLogged(response: Response, path: string): Promise<void> {
  const text = await response.text()
  expect(text).toContain('"code":"internal_error"')
  expect(text).not.toContain(secret)
  const requestId = response.headers.get('x-request-id')
  expect(gateway.unforeseen).toMatchObject([{ requestId, path, message: secret, stack: expect.any(String) }])
}

describe('what fails unforeseen in the middle of a stream is in the logs under the request id', () => {
  it('for an answer of the mesh', async () => {
    gateway = await startGateway()
    gateway.session.onSubmit = (_turn, reply) => {
      reply(eventItem(1, 'turn.accepted'), eventItem(2, 'plan.ready', { plan }), textItem(0, 'Because'))
      setTimeout(() => reply(endItem('completed', unreadable)), 30)
    }
    await expectLogged(await post('weft/auto'), '/v1/chat/completions')
  })

  it('for an answer of one model', async () => {
    async function* chunks() {
      yield 'data: {}\n\n'
      await fails()
    }
    const passThrough = async () => ({ kind: 'stream' as const, chunks: chunks(), usage: () => undefined })
    gateway = await startGateway({
      models: { passThrough, list: async () => [], get: () => undefined, check: fails, embed: fails },
    })
    await expectLogged(await post('openai/m'), '/v1/chat/completions')
  })

  it('for the events of a session', async () => {
    const log = {
      list: fails,
      find: async () => undefined,
      isDeleted: fails,
      eventsAfter: fails,
      turnEnds: async () => [],
      eventsOfTurn: async () => [],
      asked: async () => [],
      tail: fails,
      messages: fails,
    }
    gateway = await startGateway({ log })
    gateway.session.onView = () => viewOf()
    await expectLogged(await gateway.request('/v1/sessions/sess_1/events'), '/v1/sessions/sess_1/events')
  })

  it('for approvals', async () => {
    gateway = await startGateway()
    gateway.approvals.history = fails
    await expectLogged(await gateway.request('/approvals/stream'), '/approvals/stream')
  })
})
