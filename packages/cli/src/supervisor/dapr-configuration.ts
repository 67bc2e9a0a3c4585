import { loadYaml } from '@weft/settings'
import { z } from 'zod'

/** Where spans are sent, by OpenTelemetry's standard variables. */
export interface SpanTarget {
  /** `host:port`. The sidecar reads the path, headers and time-outs from the same variables itself. */
  endpointAddress: string
  isSecure: boolean
  protocol: 'grpc' | 'http'
}

/**
 * Reads where spans are sent. The sidecars read the standard variables too, but take plain `http://` for a secure endpoint, and gRPC for the default protocol (dapr 1.18.2,
 * pkg/config SetTracingSpecFromEnv), so the configuration has to name the target.
 */
export function readSpanTarget(environment: Record<string, string>): SpanTarget | undefined {
  const endpoint = environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? environment.OTEL_EXPORTER_OTLP_ENDPOINT
  if (environment.OTEL_SDK_DISABLED === 'true' || endpoint === undefined || !URL.canParse(endpoint)) return undefined
  const { hostname, port, protocol } = new URL(endpoint)
  const isSecure = protocol === 'https:'
  const wire = environment.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? environment.OTEL_EXPORTER_OTLP_PROTOCOL ?? 'http/protobuf'
  return {
    endpointAddress: `${hostname}:${port || (isSecure ? 443 : 80)}`,
    isSecure,
    protocol: wire === 'grpc' ? 'grpc' : 'http',
  }
}

const Configuration = z.looseObject({
  spec: z.looseObject({
    nameResolution: z.looseObject({ configuration: z.looseObject({ connectionString: z.string() }) }),
    tracing: z.looseObject({ samplingRate: z.string() }),
    metric: z.looseObject({ enabled: z.boolean() }),
  }),
})

export interface StartFacts {
  namesDatabase: string
  spans: SpanTarget | undefined
}

/** SQLite reads `%`, `?` and `#` as parts of a URI, and a sidecar fills in what follows a `$` from its environment. */
function escapePath(path: string): string {
  return path.replace(/[%?#$]/g, encodeURIComponent)
}

/**
 * `dapr/config.yaml` with the two things that are only known at a start: where names are kept, and where spans are sent. When spans are sent nowhere, nobody observes the
 * sidecars, and they make no spans and no metrics; each of these shortens the time to a first token by 4 to 5 %. Trace ids still pass through them, and the services
 * have their own metrics.
 */
export function renderDaprConfiguration(templateFile: string, { namesDatabase, spans }: StartFacts): string {
  const configuration = loadYaml(templateFile, Configuration)
  const { nameResolution, tracing, metric } = configuration.spec
  nameResolution.configuration.connectionString = `file:${escapePath(namesDatabase)}`
  if (spans === undefined) {
    tracing.samplingRate = '0'
    metric.enabled = false
  } else {
    tracing.otel = spans
  }
  // JSON is also YAML, and only a program reads this.
  return `${JSON.stringify(configuration, null, 2)}\n`
}
