import { errorMessage, hasCode, startRefusedExitCode } from '@weft/contracts'

/** A composed service: what `compose.ts` returns. */
export interface Service {
  /** `giveUp` ends the process later on, for a fault that is found only while it runs and that waiting does not mend. */
  start(giveUp: GiveUp): Promise<void>
  stop(): Promise<void>
}

/** Ends the process, saying why. */
export type GiveUp = (cause: unknown) => never

/** After this long a stop that hangs is cut off; the supervisor's own limit is longer. */
const stopTimeoutMs = 8_000

/**
 * The life of a service process: read settings, compose, start, and stop in order on SIGTERM or SIGINT.
 * Exit codes: 0 stopped when asked, 1 could not start, or gave up (one line on standard error says why), 78 where the reason lasts: wrong settings, or a database
 * that this version cannot use.
 */
export async function runService<S>(
  name: string,
  life: { settings: () => S; compose: (settings: S) => Promise<Service> },
): Promise<void> {
  const giveUp: GiveUp = (cause) => {
    process.stderr.write(`${name} could not start: ${errorMessage(cause)}\n`)
    process.exit(isLasting(cause) ? startRefusedExitCode : 1)
  }
  let service: Service
  try {
    service = await life.compose(life.settings())
    await service.start(giveUp)
  } catch (thrown) {
    giveUp(thrown)
  }
  let isStopping = false
  const stop = async () => {
    if (isStopping) return
    isStopping = true
    setTimeout(() => process.exit(1), stopTimeoutMs).unref()
    await service.stop()
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

function isLasting(cause: unknown): boolean {
  const areSettingsWrong = cause instanceof Error && 'code' in cause && cause.code === 'invalid_settings'
  return areSettingsWrong || hasCode(cause, 'conflict')
}
