import type { IncomingMessage, ServerResponse } from 'node:http'
import { context, trace } from '@opentelemetry/api'
import { contextFromHeaders, startSpan } from './tracing.ts'

export interface ServerSpanOptions {
  /** Whether baggage of the caller is taken over: only from inside the mesh. */
  trustBaggage: boolean
}

const skipped = /^\/(livez|readyz|healthz|metrics)(\?|$)/

/** Express middleware: one SERVER span a request, continuing the caller's traceparent. Health and metrics are left out. */
export function serverSpans(options: ServerSpanOptions) {
  return (request: IncomingMessage & { route?: { path?: unknown }; baseUrl?: string }, response: ServerResponse, next: () => void): void => {
    if (skipped.test(request.url ?? '')) {
      next()
      return
    }
    const parent = contextFromHeaders(headersOf(request), options.trustBaggage)
    context.with(parent, () => {
      const method = request.method ?? 'GET'
      const span = startSpan(method, { kind: 'server', attributes: { 'http.request.method': method } })
      response.once('close', () => {
        const route = routeOf(request)
        if (route !== undefined) span.updateName(`${method} ${route}`).setAttribute('http.route', route)
        span.setAttribute('http.response.status_code', response.statusCode)
        if (response.statusCode >= 500) span.setAttribute('error.type', String(response.statusCode))
        span.end()
      })
      context.with(trace.setSpan(context.active(), span), next)
    })
  }
}

/** The route's pattern, never the path with its ids. */
function routeOf(request: { route?: { path?: unknown }; baseUrl?: string }): string | undefined {
  const path = request.route?.path
  return typeof path === 'string' ? `${request.baseUrl ?? ''}${path}` : undefined
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const { traceparent, tracestate, baggage } = request.headers
  const headers: Record<string, string> = {}
  if (typeof traceparent === 'string') headers['traceparent'] = traceparent
  if (typeof tracestate === 'string') headers['tracestate'] = tracestate
  if (typeof baggage === 'string') headers['baggage'] = baggage
  return headers
}
