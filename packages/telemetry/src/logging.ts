import { trace } from '@opentelemetry/api'
import { createLogger as createWinstonLogger, format, type Logger, transports } from 'winston'
import { currentLogContext } from './log-context.ts'

export type { Logger } from 'winston'

/** JSON lines on standard output: time, level, message, service, and the ids of the trace, request, session and step at hand. */
export function createLogger(options: { serviceName: string; level: string }): Logger {
  return createWinstonLogger({
    level: options.level,
    defaultMeta: { service: options.serviceName },
    format: format.combine(withIds(), format.timestamp(), format.json()),
    transports: [new transports.Console({ forceConsole: false })],
  })
}

const withIds = format((line) => {
  const span = trace.getActiveSpan()?.spanContext()
  const { sessionId, stepId, tenant, requestId } = currentLogContext()
  if (span !== undefined) {
    line['trace_id'] = span.traceId
    line['span_id'] = span.spanId
  }
  if (sessionId !== undefined) line['session_id'] = sessionId
  if (stepId !== undefined) line['step_id'] = stepId
  if (tenant !== undefined) line['tenant'] = tenant
  if (requestId !== undefined) line['request_id'] = requestId
  return line
})
