import { context, type Context, propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'

export type SpanKindName = 'internal' | 'client' | 'server' | 'producer' | 'consumer'

export interface SpanOptions {
  kind?: SpanKindName
  attributes?: Record<string, string | number | boolean | string[]>
  /** A W3C traceparent to continue instead of the active span. */
  parent?: string | undefined
}

const kinds: Record<SpanKindName, SpanKind> = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
}

const traceContext = new W3CTraceContextPropagator()
const baggage = new W3CBaggagePropagator()
const carrierOf = { get: (carrier: Record<string, string>, key: string) => carrier[key], keys: (carrier: Record<string, string>) => Object.keys(carrier) }
const carrierInto = {
  set(carrier: Record<string, string>, key: string, value: string) {
    carrier[key] = value
  },
}

export function startSpan(name: string, options: SpanOptions = {}): Span {
  const { kind = 'internal', attributes = {}, parent } = options
  return tracer().startSpan(name, { kind: kinds[kind], attributes }, parentContext(parent))
}

/** Runs `act` inside a span; what it throws is recorded, marks the span as failed and is thrown on. */
export async function withSpan<T>(name: string, options: SpanOptions, act: (span: Span) => Promise<T>): Promise<T> {
  const span = startSpan(name, options)
  try {
    return await context.with(trace.setSpan(parentContext(options.parent), span), () => act(span))
  } catch (thrown) {
    failSpan(span, thrown)
    throw thrown
  } finally {
    span.end()
  }
}

export function failSpan(span: Span, thrown: unknown): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  span.recordException(error)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
  span.setAttribute('error.type', 'code' in error && typeof error.code === 'string' ? error.code : error.name)
}

/** Runs `act` as a continuation of the given traceparent; without one, as it is. */
export function withTraceparent<T>(traceparent: string | undefined, act: () => T): T {
  return context.with(parentContext(traceparent), act)
}

/** Headers that carry the active span over a call. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {}
  const active = context.active()
  traceContext.inject(active, headers, carrierInto)
  baggage.inject(active, headers, carrierInto)
  return headers
}

export function currentTraceparent(): string | undefined {
  return traceHeaders()['traceparent']
}

/** The context a request's headers carry; baggage only where the caller is trusted. */
export function contextFromHeaders(headers: Record<string, string>, trustsBaggage: boolean): Context {
  const traced = traceContext.extract(ROOT_CONTEXT, headers, carrierOf)
  return trustsBaggage ? baggage.extract(traced, headers, carrierOf) : traced
}

/** Copies `session.id` into the baggage, so that every span below carries it. */
export function withSessionId<T>(sessionId: string, act: () => T): T {
  const active = context.active()
  const bag = propagation.getBaggage(active) ?? propagation.createBaggage()
  return context.with(propagation.setBaggage(active, bag.setEntry('session.id', { value: sessionId })), act)
}

function parentContext(traceparent: string | undefined): Context {
  const active = context.active()
  return traceparent === undefined ? active : traceContext.extract(active, { traceparent }, carrierOf)
}

function tracer() {
  return trace.getTracer('weft')
}
