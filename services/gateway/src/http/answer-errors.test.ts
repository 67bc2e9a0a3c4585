import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { startGateway, type TestGateway } from '../testing/start-gateway.ts'
import { answerError } from './answer-errors.ts'

let gateway: TestGateway
beforeEach(async () => {
  gateway = await startGateway()
})
afterEach(() => gateway.stop())

describe('a method that a route does not have', () => {
  it.each([
    ['GET', '/v1/chat/completions', 'POST'],
    ['PUT', '/v1/sessions/sess_1/', 'GET, HEAD, DELETE'],
    ['PATCH', '/v1/Models/weft/auto', 'GET, HEAD'],
    ['POST', '/livez', 'GET, HEAD'],
  ])('%s %s is refused naming those it has', async (method, path, allow) => {
    const response = await gateway.request(path, { method })
    expect(response.headers.get('allow')).toBe(allow)
    expect(response.status).toBe(405)
    expect(await response.json()).toMatchObject({
      error: { code: 'method_not_supported', type: 'invalid_request_error', message: expect.stringContaining(allow) },
    })
  })

  it('is told from a route that is not there', async () => {
    const response = await gateway.request('/v1/nowhere', { method: 'PUT' })
    expect(response.status).toBe(404)
    expect(response.headers.get('allow')).toBeNull()
  })
})

describe('what does not answer', () => {
  const unavailable = (cause?: Error) =>
    new WeftError('dependency_unavailable', 'not available right now: orchestrator', { cause })
  const logged = (thrown: unknown) => {
    const warn = jest.fn<(message: string, facts?: object) => void>()
    const response = new ServerResponse(new IncomingMessage(new Socket()))
    answerError({ warn, error: () => undefined })(thrown, response)
    return warn.mock.calls
  }

  it('is in the log with what its refusal does not tell', () => {
    expect(logged(unavailable(new Error('connection refused')))).toEqual([
      [
        'a request was refused',
        expect.objectContaining({ cause: 'connection refused', refusal: expect.stringContaining('orchestrator') }),
      ],
    ])
  })

  it('is not in the log where the gateway refuses of itself', () => {
    expect(logged(unavailable())).toEqual([])
  })
})
