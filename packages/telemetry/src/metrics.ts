import { type Attributes, metrics as globalMetrics, type Meter } from '@opentelemetry/api'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import type { Resource } from '@opentelemetry/resources'
import { type IMetricReader, MeterProvider, MetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { scopeName } from './instruments.ts'
import { addProcessMetrics } from './process-metrics.ts'

export interface Counter {
  add(value: number, labels?: Attributes): void
}

export interface Histogram {
  record(value: number, labels?: Attributes): void
}

/** Instruments by name; asking twice for one name gives the same series. Labels must be of low cardinality: no ids. */
export interface Metrics {
  /** Prometheus shows it with `_total` appended. */
  counter(name: string, help: string): Counter
  /** `buckets`: upper bounds in the unit of the values; default `durationBucketsS`. */
  histogram(name: string, help: string, buckets?: number[]): Histogram
  /** Read whenever the metrics are. */
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

/** Starts metrics; `exportUrl` is where they are pushed to as well, every 15 s. */
export async function startMetrics(resource: Resource, exportUrl: string | undefined): Promise<MetricsPipeline> {
  const scraped = new ScrapedReader()
  const readers: IMetricReader[] = [scraped]
  if (exportUrl !== undefined) readers.push(await pushing(exportUrl))
  const provider = new MeterProvider({ resource, readers })
  globalMetrics.setGlobalMeterProvider(provider)
  const meter = provider.getMeter(scopeName)
  const stopProcessMetrics = addProcessMetrics(meter)
  const serializer = new PrometheusSerializer('', false, undefined, true, true)
  return {
    metrics: createMetrics(meter),
    async text() {
      const { resourceMetrics } = await scraped.collect()
      return serializer.serialize(resourceMetrics)
    },
    async stop() {
      stopProcessMetrics()
      await provider.shutdown()
    },
  }
}

/** Read only when somebody asks. */
class ScrapedReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const pushIntervalMs = 15_000
const pushTimeoutMs = 2_500

async function pushing(url: string): Promise<IMetricReader> {
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto')
  return new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url, timeoutMillis: pushTimeoutMs }),
    exportIntervalMillis: pushIntervalMs,
    exportTimeoutMillis: pushTimeoutMs,
  })
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
