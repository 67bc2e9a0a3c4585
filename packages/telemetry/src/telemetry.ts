import type { Writable } from 'node:stream'
import { context, diag, metrics, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { detectResources, envDetector, type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import { AlwaysOffSampler, BatchSpanProcessor, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { reportExportProblems } from './export-problems.ts'
import { createLogger, type Logger } from './logging.ts'
import { type Metrics, startMetrics } from './metrics.ts'
import { currentSessionId } from './tracing.ts'

export interface TelemetryOptions {
  serviceName: string
  serviceVersion: string
  instanceId: string
  /** error, warn, info or debug. */
  logLevel: string
  /** Where log lines go; default standard output. */
  logStream?: Writable | undefined
  /** Base URL of an OTLP/HTTP receiver of protobuf. Without any spans carry trace ids through the mesh, and nothing is sent. */
  otlpEndpoint?: string | undefined
  /** Full URL for spans, instead of `{otlpEndpoint}/v1/traces`. */
  otlpTracesEndpoint?: string | undefined
  /** Full URL for metrics, instead of `{otlpEndpoint}/v1/metrics`. */
  otlpMetricsEndpoint?: string | undefined
}

export interface Telemetry {
  logger: Logger
  metrics: Metrics
  /** Every series in Prometheus's text format. */
  metricsText(): Promise<string>
  /** Sends what is left, for 3 s at most. */
  stop(): Promise<void>
}

const flushMaxMs = 3_000

/** Starts traces, metrics and logs of this process; once a process, until it is stopped. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { serviceName, logLevel, logStream, otlpEndpoint, otlpTracesEndpoint, otlpMetricsEndpoint } = options
  const resource = resourceOf(options)
  const logger = createLogger({ serviceName, level: logLevel, stream: logStream })
  reportExportProblems(logger)
  const tracing = await startTracing(resource, otlpTracesEndpoint ?? below(otlpEndpoint, 'traces'))
  const pipeline = await startMetrics(resource, otlpMetricsEndpoint ?? below(otlpEndpoint, 'metrics'))
  return {
    logger,
    metrics: pipeline.metrics,
    metricsText: () => pipeline.text(),
    async stop() {
      await atMost(flushMaxMs, [tracing.shutdown(), pipeline.stop()])
      for (const api of [trace, context, metrics, diag]) api.disable()
    },
  }
}

/** What the mesh says of itself, and what the operator adds in OTEL_RESOURCE_ATTRIBUTES. */
function resourceOf({ serviceName, serviceVersion, instanceId }: TelemetryOptions): Resource {
  const own = resourceFromAttributes({
    'service.name': serviceName,
    'service.namespace': 'weft',
    'service.version': serviceVersion,
    'service.instance.id': instanceId,
  })
  return detectResources({ detectors: [envDetector] }).merge(own)
}

function below(endpoint: string | undefined, signal: 'traces' | 'metrics'): string | undefined {
  return endpoint === undefined ? undefined : `${endpoint.replace(/\/+$/, '')}/v1/${signal}`
}

const attributeCharsMax = 16_384

async function startTracing(resource: Resource, exportUrl: string | undefined): Promise<TracerProvider> {
  // A span that is not sampled still has its ids, at half the price.
  const sending =
    exportUrl === undefined
      ? { sampler: new AlwaysOffSampler() }
      : { spanProcessors: [copySessionId, await exporting(exportUrl)] }
  const provider = new TracerProvider({ resource, spanLimits: { attributeValueLengthLimit: attributeCharsMax }, ...sending })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(provider)
  return provider
}

/** At most this many ended spans wait; further ones are dropped, and the log says so. */
const queuedSpansMax = 4_096
const exportEveryMs = 1_000
/** Below `flushMaxMs`, so that a receiver that hangs leaves nothing running after the stop. */
const exportTimeoutMs = 2_500

/** Loaded only when something is sent. Protobuf and not JSON: Phoenix takes nothing else. */
async function exporting(url: string): Promise<SpanProcessor> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-proto')
  return new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ url, timeoutMillis: exportTimeoutMs }),
    maxQueueSize: queuedSpansMax,
    scheduledDelayMillis: exportEveryMs,
    exportTimeoutMillis: exportTimeoutMs,
  })
}

/** Spans of one conversation are found by its session id, wherever in the mesh they began. */
const copySessionId: SpanProcessor = {
  onStart(span, parent) {
    const sessionId = currentSessionId(parent)
    if (sessionId !== undefined) span.setAttribute('session.id', sessionId)
  },
  onEnd() {},
  async forceFlush() {},
  async shutdown() {},
}

async function atMost(limitMs: number, work: Promise<unknown>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs)
  })
  await Promise.race([Promise.allSettled(work), limit])
  clearTimeout(timer)
}
