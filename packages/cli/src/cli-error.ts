/** The exit codes of `weft`. 130 is what a shell uses for an interruption. */
export const exitCodes = { done: 0, failed: 1, wrongUsage: 2, meshNotUp: 3, interrupted: 130 } as const

/** A failure whose message is written for people: what was attempted, why it failed, and what to do. */
export class CliError extends Error {
  readonly code: string
  readonly exitCode: number
  readonly isRetryable: boolean

  constructor(code: string, message: string, more: { exitCode?: number; isRetryable?: boolean; cause?: unknown } = {}) {
    super(message, { cause: more.cause })
    this.name = 'CliError'
    this.code = code
    this.exitCode = more.exitCode ?? exitCodes.failed
    this.isRetryable = more.isRetryable ?? false
  }
}

/** The `code` of a failed system call (`ENOENT`, `EADDRINUSE`, …), or undefined for any other thing thrown. */
export function systemErrorCode(thrown: unknown): string | undefined {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined
}
