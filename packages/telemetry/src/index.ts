export { genAi, type ModelCall, recordModelCall } from './genai.ts'
export { currentLogContext, type LogContext, runWithLogContext } from './log-context.ts'
export type { Logger } from './logging.ts'
export { type Counter, durationBucketsS, type Histogram, type Metrics } from './metrics.ts'
export { type ServerSpanOptions, serverSpans } from './server-spans.ts'
export { startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts'
export {
  currentSessionId,
  currentTraceparent,
  failSpan,
  type SpanKindName,
  type SpanOptions,
  startSpan,
  traceHeaders,
  withSessionId,
  withSpan,
  withTraceparent,
} from './tracing.ts'
