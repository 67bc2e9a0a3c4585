/**
 * PostgreSQL's panic, as when the disk is full and its log cannot be written. A server ends then, and recovers from its log when it starts again.
 * PGlite only reports the panic and stays, with the locks it held, and its next commit waits for them for ever.
 */
export class BackendPanic extends Error {
  constructor(answer: Buffer) {
    super(`the backend panicked: ${/\0M([^\0]*)\0/.exec(answer.toString('latin1'))?.[1] ?? 'without a reason'}`)
    this.name = 'BackendPanic'
  }
}

/** How an ErrorResponse of a panic begins: the severity as shown (S), the severity that is never translated (V), and the type of the third field (C). */
const panicFields = Buffer.from('SPANIC\0VPANIC\0C', 'latin1')
const readyForQuery = Buffer.from('Z\0\0\0\x05', 'latin1')

/** Whether an answer, of which these are the last bytes, ends with a panic: the backend does not say after it that it is ready for more. */
export function endsInPanic(answer: Buffer): boolean {
  const isReady = answer.subarray(-readyForQuery.length - 1, -1).equals(readyForQuery)
  return !isReady && answer.includes(panicFields)
}

/** Whether this is a panic that PGlite threw. It throws for statements that are asked of it directly, and answers in bytes over the wire. */
export function isPanic(cause: unknown): boolean {
  return cause instanceof Error && 'severity' in cause && cause.severity === 'PANIC'
}
