import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { resourceFromAttributes, type Resource } from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { createLogger, type Logger } from './logging.ts'
import { type Metrics, startMetrics } from './metrics.ts'

export interface TelemetryOptions {
  serviceName: string
  serviceVersion: string
  instanceId: string
  logLevel: string
  /** Base URL of an OTLP/HTTP receiver. Without one spans still carry trace ids through the mesh, and nothing is sent. */
  otlpEndpoint?: string | undefined
}

export interface Telemetry {
  logger: Logger
  metrics: Metrics
  metricsText(): Promise<string>
  /** Sends what is left, for 3 s at most. */
  stop(): Promise<void>
}

const flushMaxMs = 3_000

/** Starts traces, metrics and logs of this process; once a process. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const resource = resourceFromAttributes({
    'service.name': options.serviceName,
    'service.namespace': 'weft',
    'service.version': options.serviceVersion,
    'service.instance.id': options.instanceId,
  })
  const tracing = await startTracing(resource, options.otlpEndpoint)
  const pipeline = startMetrics(resource)
  return {
    logger: createLogger({ serviceName: options.serviceName, level: options.logLevel }),
    metrics: pipeline.metrics,
    metricsText: () => pipeline.text(),
    async stop() {
      await Promise.race([Promise.allSettled([tracing.shutdown(), pipeline.stop()]), new Promise((resolve) => setTimeout(resolve, flushMaxMs).unref())])
    },
  }
}

async function startTracing(resource: Resource, otlpEndpoint: string | undefined): Promise<TracerProvider> {
  const spanProcessors = otlpEndpoint === undefined ? [] : [copySessionId, await exporting(otlpEndpoint)]
  const provider = new TracerProvider({ resource, spanProcessors })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(provider)
  return provider
}

/** Loaded only when something is sent: the exporter is the largest part of the SDK. */
async function exporting(otlpEndpoint: string): Promise<SpanProcessor> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http')
  const exporter = new OTLPTraceExporter({ url: `${otlpEndpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: 5_000 })
  return new BatchSpanProcessor({ exporter, maxQueueSize: 8_192, scheduledDelayMillis: 1_000 })
}

/** Spans of one conversation are found by its session id, wherever in the mesh they began. */
const copySessionId: SpanProcessor = {
  onStart(span, parent) {
    const sessionId = propagation.getBaggage(parent)?.getEntry('session.id')?.value
    if (sessionId !== undefined) span.setAttribute('session.id', sessionId)
  },
  onEnd() {},
  async forceFlush() {},
  async shutdown() {},
}
