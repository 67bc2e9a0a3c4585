import type { Writable } from 'node:stream'
import { trace } from '@opentelemetry/api'
import { createLogger as createWinstonLogger, format, type Logger, transports } from 'winston'
import { currentLogContext } from './log-context.ts'
import { currentSessionId } from './tracing.ts'

export type { Logger } from 'winston'

export interface LoggerOptions {
  serviceName: string
  level: string
  /** Default: standard output. */
  stream?: Writable | undefined
}

/** JSON lines: time, level, message, service, what the caller adds, and the ids of the trace, request, session and step at hand. */
export function createLogger({ serviceName, level, stream }: LoggerOptions): Logger {
  return createWinstonLogger({
    level,
    defaultMeta: { service: serviceName },
    format: format.combine(withIds(), format.timestamp(), format.json(lineLimits)),
    transports: [stream === undefined ? new transports.Console() : new transports.Stream({ stream })],
  })
}

const stackCharsMax = 4_000

/** What somebody hands to the log by accident stays readable and small. */
const lineLimits = {
  deterministic: false,
  maximumDepth: 6,
  maximumBreadth: 100,
  replacer(_key: string, value: unknown): unknown {
    if (typeof value === 'bigint') return value.toString()
    return value instanceof Error ? describeError(value) : value
  },
}

/** An Error's own fields are not enumerable, so JSON would show none of them. */
function describeError(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error
  return { ...error, name, message, stack: stack?.slice(0, stackCharsMax), ...(cause === undefined ? {} : { cause }) }
}

const withIds = format((line) => {
  const span = trace.getActiveSpan()?.spanContext()
  const { sessionId = currentSessionId(), stepId, tenant, requestId } = currentLogContext()
  if (span !== undefined) {
    line.trace_id = span.traceId
    line.span_id = span.spanId
  }
  if (sessionId !== undefined) line.session_id = sessionId
  if (stepId !== undefined) line.step_id = stepId
  if (tenant !== undefined) line.tenant = tenant
  if (requestId !== undefined) line.request_id = requestId
  return line
})
