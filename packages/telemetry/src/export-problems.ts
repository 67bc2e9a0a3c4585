import { DiagLogLevel, diag } from '@opentelemetry/api'
import type { Logger } from './logging.ts'

/** A receiver that is down fails every second; one line a minute tells it as well. */
const quietMs = 60_000
const messageCharsMax = 500

/** Puts the SDK's own warnings, such as spans that could not be sent, into the log. */
export function reportExportProblems(logger: Logger): void {
  let lastAt = Number.NEGATIVE_INFINITY
  let unsaid = 0
  const warn = (message: string) => {
    if (performance.now() - lastAt < quietMs) {
      unsaid += 1
      return
    }
    logger.warn('telemetry has a problem', { problem: message.slice(0, messageCharsMax), furtherSinceLast: unsaid })
    lastAt = performance.now()
    unsaid = 0
  }
  const ignore = () => {}
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
}
