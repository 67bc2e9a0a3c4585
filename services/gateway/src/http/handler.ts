import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request of the public API; `body` once it was read, `route` once it is known. */
export interface ApiRequest extends IncomingMessage {
  body?: unknown
  route?: { path: string }
}

export type Next = (thrown?: unknown) => void

/** Answers a request, hands it on by calling `next`, or throws. It is a handler of Express too. */
export type Handler = (request: ApiRequest, response: ServerResponse, next: Next) => void | Promise<void>

/** Runs handlers one after another, as Express does, but for a route that is known: no routes are searched. `fail` answers what a handler throws. */
export function inTurn(
  handlers: readonly Handler[],
  fail: (thrown: unknown, response: ServerResponse) => void,
): (request: ApiRequest, response: ServerResponse) => void {
  return (request, response) => {
    let turn = 0
    const next: Next = (thrown) => {
      if (thrown !== undefined) {
        fail(thrown, response)
        return
      }
      const handler = handlers[turn]
      turn += 1
      try {
        handler?.(request, response, next)?.catch(next)
      } catch (cause) {
        fail(cause, response)
      }
    }
    next()
  }
}

/** The path of a request as routes know it: in small letters, without a query, a fragment or a slash at its end. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const target = url.startsWith('/') ? url : (URL.parse(url)?.pathname ?? url)
  const end = target.search(/[?#]/)
  return (end < 0 ? target : target.slice(0, end)).toLowerCase().replace(/\/$/, '')
}

export function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : value?.[0]
}

export function setHeaders(response: ServerResponse, headers: Record<string, string>): void {
  for (const name in headers) response.setHeader(name, headers[name] ?? '')
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.statusCode = status
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.end(JSON.stringify(body))
}
