import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Attributes, type Meter, metrics as globalMetrics } from '@opentelemetry/api'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import type { Resource } from '@opentelemetry/resources'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'

export interface Counter {
  add(value: number, labels?: Attributes): void
}

export interface Histogram {
  record(value: number, labels?: Attributes): void
}

/** Instruments by name; asking twice for one name gives the same series. Labels must be of low cardinality: no ids. */
export interface Metrics {
  counter(name: string, help: string): Counter
  /** `buckets`: upper bounds in the unit of the values. */
  histogram(name: string, help: string, buckets?: number[]): Histogram
  gauge(name: string, help: string, read: () => number): void
}

/** Upper bounds in seconds for durations of requests and model calls. */
export const durationBucketsS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]

export interface MetricsPipeline {
  metrics: Metrics
  /** All series in Prometheus's text format. */
  text(): Promise<string>
  stop(): Promise<void>
}

export function startMetrics(resource: Resource): MetricsPipeline {
  const reader = new ScrapedReader()
  const provider = new MeterProvider({ resource, readers: [reader] })
  globalMetrics.setGlobalMeterProvider(provider)
  const meter = provider.getMeter('weft')
  const serializer = new PrometheusSerializer('', false, undefined, true, true)
  const metrics = createMetrics(meter)
  const stopProcessMetrics = addProcessMetrics(metrics)
  return {
    metrics,
    async text() {
      const { resourceMetrics } = await reader.collect()
      return serializer.serialize(resourceMetrics)
    },
    async stop() {
      stopProcessMetrics()
      await provider.shutdown()
    },
  }
}

/** Read only when somebody asks; nothing is pushed. */
class ScrapedReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

function createMetrics(meter: Meter): Metrics {
  return {
    counter: (name, help) => meter.createCounter(name, { description: help }),
    histogram: (name, help, buckets = durationBucketsS) =>
      meter.createHistogram(name, { description: help, advice: { explicitBucketBoundaries: buckets } }),
    gauge(name, help, read) {
      meter.createObservableGauge(name, { description: help }).addCallback((result) => result.observe(read()))
    },
  }
}

function addProcessMetrics(metrics: Metrics): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  metrics.gauge('process_resident_memory_bytes', 'Resident memory of this process', () => process.memoryUsage.rss())
  metrics.gauge('process_cpu_seconds_total', 'CPU time used by this process', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000_000
  })
  metrics.gauge('nodejs_eventloop_delay_p99_seconds', 'Event loop delay, p99 since the last reading', () => {
    const p99S = delay.percentile(99) / 1_000_000_000
    delay.reset()
    return Number.isFinite(p99S) ? p99S : 0
  })
  return () => delay.disable()
}
