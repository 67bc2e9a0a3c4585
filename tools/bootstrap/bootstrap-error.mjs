/**
 * A failed step of the bootstrap. `message` says what was attempted and what to do, on one line;
 * `output` holds the last lines of the program that failed, where one did.
 */
export class BootstrapError extends Error {
  constructor(code, message, { cause, isRetryable = false, output = [] } = {}) {
    super(message, { cause })
    this.name = 'BootstrapError'
    this.code = code
    this.isRetryable = isRetryable
    this.output = output
  }
}

export const interrupted = () =>
  new BootstrapError('INTERRUPTED', 'interrupted; what is complete is kept, run the same command again to go on', {
    isRetryable: true,
  })

const DISK_FULL = /ENOSPC|no space left on device/i
const OFFLINE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|no such host|network is unreachable|i\/o timeout|connection refused|Temporary failure|dns error|Could not resolve/i

/** Turns any failure of `attempt` into a named one; a full disk and a missing network get their own advice. */
export function explainFailure(attempt, error, { cache = '', advice = '' } = {}) {
  if (error instanceof BootstrapError && error.code !== 'COMMAND_FAILED') return error
  const output = error instanceof BootstrapError ? error.output : []
  const text = [error.code, error.message, ...output].join('\n')
  if (DISK_FULL.test(text)) {
    return new BootstrapError(
      'DISK_FULL',
      `could not ${attempt}: the disk holding ${cache} is full; free about 3 GB or set WEFT_CACHE to another disk, then run it again`,
      { cause: error, output },
    )
  }
  if (OFFLINE.test(text)) {
    return new BootstrapError(
      'NO_NETWORK',
      `could not ${attempt}: the network did not answer; check the connection or proxy settings, then run it again`,
      { cause: error, isRetryable: true, output },
    )
  }
  const suffix = advice ? `; ${advice}` : ''
  return new BootstrapError('STEP_FAILED', `could not ${attempt}: ${error.message}${suffix}`, { cause: error, output })
}

/** What a person reads: one line, then the failing program's last words indented. */
export function describeFailure(error) {
  if (!(error instanceof BootstrapError)) return `weft: unexpected: ${error.stack}`
  return [`weft: ${error.message}`, ...error.output.map((line) => `    ${line}`)].join('\n')
}
