import { loadYaml } from '@weft/settings'
import { z } from 'zod'

/** Where spans go, as OpenTelemetry's standard variables tell. */
export interface SpanTarget {
  /** `host:port`; the path, headers and time-outs are read by the sidecar from the same variables. */
  endpointAddress: string
  isSecure: boolean
  protocol: 'grpc' | 'http'
}

/**
 * The sidecars read the standard variables themselves, but take plain `http://` for a secure endpoint and gRPC for the default
 * protocol (dapr 1.18.2, pkg/config SetTracingSpecFromEnv), so the target is spelt out in the configuration.
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
 * `dapr/config.yaml` with the two things that only a start knows: where names are kept, and where spans go. When they go nowhere,
 * nobody observes the sidecars: they make no spans and keep no metrics, each of which takes 4 to 5 % off the time to a first token.
 * Trace ids pass through them all the same, and the services keep their own metrics.
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
  // JSON is YAML; what reads this is a program.
  return `${JSON.stringify(configuration, null, 2)}\n`
}
