import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { viewOf } from '../testing/turns.ts'

let gateway: TestGateway
let saved: unknown[]

beforeEach(async () => {
  saved = []
  gateway = await startGateway({
    feedback: {
      async save(...given) {
        saved.push(given)
        return given[2].turn === 1 ? '2026-01-01T00:00:00.000Z' : undefined
      },
    },
  })
  gateway.session.onView = () => viewOf({ status: 'running' })
})
afterEach(() => gateway.stop())

describe('POST /v1/sessions/{id}/feedback', () => {
  it('keeps what is said of an answer, for the tenant of the key', async () => {
    const given = { turn: 1, rating: 'down', comment: 'The second sentence is wrong.' }
    const response = await send(given)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ object: 'session.feedback', sessionId: 'sess_a', ...given })
    expect(saved).toEqual([[{ tenant: 'default', sessionId: 'sess_a' }, expect.stringMatching(/^key_/), given]])
  })

  it.each([
    ['turn', { rating: 'up' }],
    ['turn', { turn: 0, rating: 'up' }],
    ['rating', { turn: 1 }],
    ['rating', { turn: 1, rating: 6 }],
    ['rating', { turn: 1, rating: 'fine' }],
    ['comment', { turn: 1, rating: 5, comment: 'x'.repeat(4_001) }],
  ])('names %s when it is not right', async (param, body) => {
    const response = await send(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param, code: 'invalid_request' } })
    expect(saved).toEqual([])
  })

  it('knows no feedback on a turn without an answer, nor on a session that is not there', async () => {
    const noAnswer = await send({ turn: 2, rating: 'up' })
    expect([noAnswer.status, await noAnswer.json()]).toMatchObject([404, { error: { param: 'turn', code: 'not_found' } }])
    gateway.session.onView = () => {
      throw new WeftError('not_found', 'no such session')
    }
    const noSession = await send({ turn: 1, rating: 'up' })
    expect([noSession.status, await noSession.json()]).toMatchObject([404, { error: { param: 'session_id' } }])
  })
})

function send(body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return gateway.request('/v1/sessions/sess_a/feedback', { method: 'POST', headers, body: JSON.stringify(body) })
}
