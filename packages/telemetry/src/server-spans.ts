import type { IncomingMessage, ServerResponse } from 'node:http'
import { context, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { onceStarted } from './instruments.ts'
import { durationBucketsS } from './metrics.ts'
import { contextFromHeaders, startSpan } from './tracing.ts'

export interface ServerSpanOptions {
  /** Whether baggage of the caller is taken over: only from inside the mesh. */
  trustBaggage: boolean
}

type RoutedRequest = IncomingMessage & { route?: { path?: unknown }; baseUrl?: string }

const skipped = /^\/(livez|readyz|healthz|metrics)(\?|$)/

/**
 * Express middleware: one SERVER span a request, continuing the caller's traceparent, and `http.server.request.duration`.
 * Health and metrics are left out.
 */
export function serverSpans(options: ServerSpanOptions) {
  return (request: RoutedRequest, response: ServerResponse, next: () => void): void => {
    if (skipped.test(request.url ?? '')) {
      next()
      return
    }
    const startedAt = performance.now()
    const parent = contextFromHeaders(headersOf(request), options.trustBaggage)
    const method = request.method ?? 'GET'
    const span = context.with(parent, () => startSpan(method, { kind: 'server' }))
    if (span.isRecording()) span.setAttributes(requestAttributes(request, method))
    response.once('close', () => {
      const labels = responseLabels(request, response)
      endSpan(span, response, labels)
      requestDuration().record((performance.now() - startedAt) / 1_000, labels)
    })
    context.with(trace.setSpan(parent, span), next)
  }
}

type Labels = Record<string, string | number>

function requestAttributes(request: RoutedRequest, method: string): Labels {
  // The query may hold what belongs to the user.
  const [path = '/'] = (request.url ?? '/').split('?', 1)
  return { 'http.request.method': method, 'url.path': path }
}

function responseLabels(request: RoutedRequest, response: ServerResponse): Labels {
  const labels: Labels = {
    'http.request.method': request.method ?? 'GET',
    'http.response.status_code': response.statusCode,
  }
  const route = routeOf(request)
  if (route !== undefined) labels['http.route'] = route
  return labels
}

function endSpan(span: Span, response: ServerResponse, labels: Labels): void {
  if (!span.isRecording()) return
  span.setAttributes(labels)
  if (labels['http.route'] !== undefined) span.updateName(`${labels['http.request.method']} ${labels['http.route']}`)
  if (!response.writableFinished) span.setAttribute('weft.client_disconnected', true)
  if (response.statusCode >= 500) {
    span.setAttribute('error.type', String(response.statusCode)).setStatus({ code: SpanStatusCode.ERROR })
  }
  span.end()
}

/** The route's pattern, never the path with its ids. */
function routeOf(request: RoutedRequest): string | undefined {
  const path = request.route?.path
  return typeof path === 'string' ? `${request.baseUrl ?? ''}${path}` : undefined
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const { traceparent, tracestate, baggage } = request.headers
  const headers: Record<string, string> = {}
  if (typeof traceparent === 'string') headers.traceparent = traceparent
  if (typeof tracestate === 'string') headers.tracestate = tracestate
  if (typeof baggage === 'string') headers.baggage = baggage
  return headers
}

const requestDuration = onceStarted((meter) =>
  meter.createHistogram('http.server.request.duration', {
    description: 'Duration of HTTP requests, to the end of their response',
    unit: 's',
    advice: { explicitBucketBoundaries: durationBucketsS },
  }),
)
