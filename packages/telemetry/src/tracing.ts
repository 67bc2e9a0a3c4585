import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { scopeName } from './instruments.ts'

export type SpanKindName = 'internal' | 'client' | 'server' | 'producer' | 'consumer'

export interface SpanOptions {
  kind?: SpanKindName
  attributes?: Record<string, string | number | boolean | string[]>
  /** A W3C traceparent to continue instead of the active span. */
  parent?: string | undefined
  /** Traceparents of what this work is also caused by, without being part of it. */
  links?: string[]
}

const kinds: Record<SpanKindName, SpanKind> = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
}

const sessionKey = 'session.id'
const traceContext = new W3CTraceContextPropagator()
const baggage = new W3CBaggagePropagator()

type Carrier = Record<string, string>
const carrierOf = { get: (carrier: Carrier, key: string) => carrier[key], keys: (carrier: Carrier) => Object.keys(carrier) }
const carrierInto = {
  set(carrier: Carrier, key: string, value: string) {
    carrier[key] = value
  },
}

/** A span that the caller ends; it does not become the active one. */
export function startSpan(name: string, options: SpanOptions = {}): Span {
  return startIn(parentContext(options.parent), name, options)
}

/** Runs `act` inside a span; what it throws is recorded, marks the span as failed and is thrown on. */
export async function withSpan<T>(name: string, options: SpanOptions, act: (span: Span) => Promise<T>): Promise<T> {
  const parent = parentContext(options.parent)
  const span = startIn(parent, name, options)
  try {
    return await context.with(trace.setSpan(parent, span), act, undefined, span)
  } catch (thrown) {
    failSpan(span, thrown)
    throw thrown
  } finally {
    span.end()
  }
}

/** Marks a span as failed, with the error's `code`, else its name, as `error.type`. */
export function failSpan(span: Span, thrown: unknown): void {
  if (!span.isRecording()) return
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  span.recordException(error)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
  span.setAttribute('error.type', 'code' in error && typeof error.code === 'string' ? error.code : error.name)
}

/** Runs `act` as a continuation of the given traceparent; without one, as it is. */
export function withTraceparent<T>(traceparent: string | undefined, act: () => T): T {
  return context.with(parentContext(traceparent), act)
}

/** Headers that carry the active span and the baggage over a call. */
export function traceHeaders(): Record<string, string> {
  const headers: Carrier = {}
  const active = context.active()
  traceContext.inject(active, headers, carrierInto)
  baggage.inject(active, headers, carrierInto)
  return headers
}

/** The active span as a W3C traceparent, to be stored and continued later; undefined outside any. */
export function currentTraceparent(): string | undefined {
  const headers: Carrier = {}
  traceContext.inject(context.active(), headers, carrierInto)
  return headers.traceparent
}

/** The context a request's headers carry; baggage only where the caller is trusted. */
export function contextFromHeaders(headers: Record<string, string>, trustsBaggage: boolean): Context {
  const traced = traceContext.extract(ROOT_CONTEXT, headers, carrierOf)
  return trustsBaggage ? baggage.extract(traced, headers, carrierOf) : traced
}

/** Puts `session.id` on the active span and into the baggage, so that every span below carries it, in other services too. */
export function withSessionId<T>(sessionId: string, act: () => T): T {
  const active = context.active()
  trace.getSpan(active)?.setAttribute(sessionKey, sessionId)
  const bag = propagation.getBaggage(active) ?? propagation.createBaggage()
  return context.with(propagation.setBaggage(active, bag.setEntry(sessionKey, { value: sessionId })), act)
}

/** `session.id` of the baggage of a context, by default of the active one. */
export function currentSessionId(of: Context = context.active()): string | undefined {
  return propagation.getBaggage(of)?.getEntry(sessionKey)?.value
}

function startIn(parent: Context, name: string, { kind = 'internal', attributes = {}, links = [] }: SpanOptions): Span {
  const linked = links.flatMap((traceparent) => {
    const spanContext = trace.getSpanContext(parentContext(traceparent))
    return spanContext === undefined ? [] : [{ context: spanContext }]
  })
  return tracer().startSpan(name, { kind: kinds[kind], attributes, links: linked }, parent)
}

function parentContext(traceparent: string | undefined): Context {
  const active = context.active()
  return traceparent === undefined ? active : traceContext.extract(active, { traceparent }, carrierOf)
}

let kept: { provider: unknown; tracer: Tracer } | undefined

/** Looked up once for each start of telemetry; the lookup costs as much as a span that is not recorded. */
function tracer(): Tracer {
  const provider = trace.getTracerProvider()
  if (kept?.provider !== provider) kept = { provider, tracer: provider.getTracer(scopeName) }
  return kept.tracer
}
