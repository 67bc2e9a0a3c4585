/**
 * The backend met what PostgreSQL calls a panic, such as a log it cannot write because the disk is full. A server ends then, and recovers from
 * its log when it starts again; PGlite says so and stays, keeps the locks it held, and its next commit waits for them for ever.
 */
export class BackendPanic extends Error {
  constructor(answer: Buffer) {
    super(`the backend panicked: ${/\0M([^\0]*)\0/.exec(answer.toString('latin1'))?.[1] ?? 'without a reason'}`)
    this.name = 'BackendPanic'
  }
}

/** The first fields of an ErrorResponse, severity as shown and as it is, and the beginning of the third. */
const panicFields = Buffer.from('SPANIC\0VPANIC\0C', 'latin1')
const readyForQuery = Buffer.from('Z\0\0\0\x05', 'latin1')

/** Whether these are the last bytes of an answer after which the backend was not ready for more: a panic is its last word. */
export function endsInPanic(answer: Buffer): boolean {
  const isReady = answer.subarray(-readyForQuery.length - 1, -1).equals(readyForQuery)
  return !isReady && answer.includes(panicFields)
}

/** Whether PGlite threw what it answered, as it does for its own statements. */
export function isPanic(cause: unknown): boolean {
  return cause instanceof Error && 'severity' in cause && cause.severity === 'PANIC'
}
