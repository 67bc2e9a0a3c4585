import { types } from 'node:util'
import { WeftError } from '@weft/contracts'

const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
/** Shut down, crashed, starting up, too many connections; and read-only, which is what a demoted primary says (PostgreSQL, Appendix A). */
const unavailableStates = new Set(['57P01', '57P02', '57P03', '53300', '25006'])
/** A wrong password or role, no entry in pg_hba.conf, no such database (PostgreSQL, Appendix A): that of another URL may let this user in, or this one later. */
const refusalStates = new Set(['28000', '28P01', '3D000'])
/** Messages of the driver, and of find-usable.ts, that come without a code. */
const connectionMessages =
  /connection terminated|connection ended|client has encountered a connection error|not queryable|read-only standby|left behind/i

/** Whether the database went away or takes no connection. Another attempt may find it again, or another database in its place. */
export function isConnectionFailure(cause: unknown): boolean {
  if (!types.isNativeError(cause)) return false
  if (isAggregate(cause)) return cause.errors.some(isConnectionFailure)
  const code = codeOf(cause)
  return connectionCodes.has(code) || unavailableStates.has(code) || isRefusal(cause) || connectionMessages.test(cause.message)
}

/** Whether the database is there and does not let this user in. */
export function isRefusal(cause: unknown): boolean {
  return types.isNativeError(cause) && refusalStates.has(codeOf(cause))
}

/** Whether the role lacks a right (PostgreSQL, Appendix A). */
export function lacksRight(cause: unknown): boolean {
  return types.isNativeError(cause) && codeOf(cause) === '42501'
}

/** Whether a demoted primary refused to write: nothing happened, and another database has taken its place (PostgreSQL, Appendix A). */
export function isReadOnlyRefusal(cause: unknown): boolean {
  return types.isNativeError(cause) && codeOf(cause) === '25006'
}

/** Whether statements waited for each other in a circle, and this one was undone so that the others go on (PostgreSQL, Appendix A). */
export function isDeadlock(cause: unknown): boolean {
  return types.isNativeError(cause) && codeOf(cause) === '40P01'
}

/** Whether the key of a row that was to be written is taken by another row (PostgreSQL, Appendix A). */
export function isDuplicate(cause: unknown): boolean {
  return types.isNativeError(cause) && codeOf(cause) === '23505'
}

/** Whether the driver gave up waiting, for an answer or for a free connection of its pool. The connection must not be used again: its answer may still come. */
export function isTimeout(cause: unknown): boolean {
  if (cause instanceof WeftError) return isTimeout(cause.cause)
  return (
    types.isNativeError(cause) &&
    /query read timeout|timeout exceeded when trying to connect|^timeout expired$/i.test(cause.message)
  )
}

/** Whether a value cannot be stored, or is larger than a limit allows (PostgreSQL, Appendix A, classes 22 and 54): the same statement fails every time. */
export function isUnstorable(cause: unknown): boolean {
  if (cause instanceof WeftError) return isUnstorable(cause.cause)
  return types.isNativeError(cause) && /^(?:22|54)/.test(codeOf(cause))
}

/** Whether a table, schema, function or other object is not there (PostgreSQL, Appendix A), as when this is not the database that was asked before. */
export function isUndefinedObject(cause: unknown): boolean {
  return types.isNativeError(cause) && ['42P01', '42883', '42704', '3F000'].includes(codeOf(cause))
}

/** Whether the role may not add an extension, or the server does not have it (PostgreSQL, Appendix A). */
export function cannotAddExtension(cause: unknown): boolean {
  return types.isNativeError(cause) && ['42501', '0A000', '58P01'].includes(codeOf(cause))
}

/** Whether pg_textsearch refused because the planner took another index than the one named in the query. */
export function isOtherIndex(cause: unknown): boolean {
  return types.isNativeError(cause) && codeOf(cause) === '42809'
}

/** What is full, by its code (PostgreSQL, Appendix A, class 53): the statement was undone, and may go through once there is room. */
const roomStates: ReadonlyMap<string, string> = new Map([
  ['53100', 'disk'],
  ['53200', 'memory'],
])

/** The codes for NUL in a text, and in JSON (PostgreSQL, Appendix A). */
const nulStates = new Set(['22021', '22P05'])

/** The error that callers get: a WeftError for a lost connection, a timeout, a lack of room or NUL in a text; any other error unchanged. */
export function toDatabaseError(cause: unknown): unknown {
  if (isTimeout(cause))
    return new WeftError('dependency_unavailable', 'the database did not answer in time', {
      cause,
      details: { target: 'database' },
    })
  if (types.isNativeError(cause) && nulStates.has(codeOf(cause)))
    return new WeftError('invalid_request', 'a text holds the character NUL, which cannot be stored', { cause })
  const room = types.isNativeError(cause) ? roomStates.get(codeOf(cause)) : undefined
  if (room !== undefined) {
    const message = `the database has no room left (${room}), and nothing was changed: send the request again once it has`
    return new WeftError('dependency_unavailable', message, { cause, details: { target: 'database' } })
  }
  return isConnectionFailure(cause) ? unavailable(cause) : cause
}

export function unavailable(cause: unknown): WeftError {
  if (cause instanceof WeftError) return cause
  return new WeftError('dependency_unavailable', `the database is not reachable (${reasonOf(cause)})`, {
    cause,
    details: { target: 'database' },
  })
}

/** What the driver or the database said, in one line. */
export function reasonOf(cause: unknown): string {
  if (!types.isNativeError(cause)) return String(cause)
  return isAggregate(cause) && cause.message === '' ? cause.errors.map(reasonOf).join(', ') : cause.message
}

/** Recognised by what it holds, not by its class: within Jest's sandbox, Node's own errors are not instances of the sandbox's classes. */
function isAggregate(cause: Error): cause is AggregateError {
  return 'errors' in cause && Array.isArray(cause.errors)
}

function codeOf(cause: Error): string {
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
}
