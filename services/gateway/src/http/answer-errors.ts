import type { ServerResponse } from 'node:http'
import { errorMessage, WeftError } from '@weft/contracts'
import { ModelError } from '@weft/models'
import { toApiError } from '../core/api-error.ts'
import type { Log } from '../log.ts'
import { type Handler, pathOf, sendJson, setHeaders } from './handler.ts'
import { bodyError } from './read-json-body.ts'
import { requestIdOf } from './request-context.ts'

/** Answers routes that do not exist, naming them, and methods that a route does not have, naming those it has. */
export function answerUnknownRoute(methodsAt: (path: string) => string[]): Handler {
  return (request, response) => {
    const path = pathOf(request)
    const methods = methodsAt(path)
    const shown = `${request.method} ${path.slice(0, 200) || '/'}`
    if (methods.length === 0) throw new WeftError('not_found', `no such route: ${shown}`)
    response.setHeader('allow', methods.join(', '))
    throw new WeftError('method_not_supported', `no such method: ${shown}; this route has ${methods.join(', ')}`)
  }
}

/** Answers whatever a route threw as OpenAI's error body. Only the log sees causes and stacks. */
export function answerError(logger: Pick<Log, 'warn' | 'error'>): (thrown: unknown, response: ServerResponse) => void {
  return (thrown, response) => {
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    const { status, body, headers } = toApiError(foreseen(thrown))
    if (body.error.code === 'internal_error') logUnforeseen(logger, response, thrown)
    if (status === 503) logUnavailable(logger, response, thrown)
    setHeaders(response, headers)
    sendJson(response, status, body)
  }
}

/** Logs an error that nobody foresaw under the request id that the client has, since the client itself is not told what it was. */
export function logUnforeseen(logger: Pick<Log, 'error'>, response: ServerResponse, thrown: unknown): void {
  const { message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown))
  logger.error('a request failed unforeseen', { ...factsOf(response), message, stack })
}

function factsOf(response: ServerResponse) {
  return { requestId: requestIdOf(response), method: response.req.method, path: pathOf(response.req) }
}

/** Logs what did not answer, and how it failed. Refusals without a cause are the gateway's own, as while memory is short; there may be thousands of them. */
function logUnavailable(logger: Pick<Log, 'warn'>, response: ServerResponse, thrown: unknown): void {
  if (!(thrown instanceof Error) || thrown.cause === undefined) return
  const { message, cause } = thrown
  const reason = errorMessage(cause)
  logger.warn('a request was refused', { ...factsOf(response), refusal: message, cause: reason })
}

/** Translates failures of models and of libraries to WeftError; anything else is returned as it is. */
export function foreseen(thrown: unknown): unknown {
  if (thrown instanceof ModelError) return thrown.toWeftError()
  if (thrown instanceof URIError)
    return new WeftError('invalid_request', 'the path is not valid percent-encoding', { cause: thrown })
  return bodyError(thrown)
}
