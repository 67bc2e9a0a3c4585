import { weftVersion } from '@weft/contracts'
import { startTelemetry, type Telemetry, type TelemetryOptions } from '@weft/telemetry'

/** The part of every service's settings that is about telemetry; without an endpoint nothing is exported. */
export interface TelemetrySettings {
  WEFT_INSTANCE: string
  WEFT_LOG_LEVEL: TelemetryOptions['logLevel']
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT?: string | undefined
}

/** Logs, traces and metrics of one service of this version of Weft, as its settings say. */
export function startServiceTelemetry(serviceName: string, settings: TelemetrySettings): Promise<Telemetry> {
  return startTelemetry({
    serviceName,
    serviceVersion: weftVersion,
    instanceId: settings.WEFT_INSTANCE,
    logLevel: settings.WEFT_LOG_LEVEL,
    otlpEndpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT,
    otlpTracesEndpoint: settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
    otlpMetricsEndpoint: settings.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT,
  })
}
