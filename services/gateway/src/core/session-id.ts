import { createHash } from 'node:crypto'
import { newId, SessionId, WeftError } from '@weft/contracts'

export interface SessionHeaders {
  /** `X-Session-ID`. */
  sessionId: string | undefined
  /** `Idempotency-Key`. */
  idempotencyKey: string | undefined
}

/**
 * The session a request belongs to: the one it names; else one derived from tenant and idempotency key, so that a repeated request finds
 * it again after any crash; else a new one.
 */
export function chooseSessionId(tenant: string, { sessionId, idempotencyKey }: SessionHeaders): string {
  if (sessionId !== undefined) return parseSessionId(sessionId)
  if (idempotencyKey === undefined) return newId('sess')
  const hash = createHash('sha256').update(`${tenant}\n${idempotencyKey}`).digest('hex')
  return `sess_${hash.slice(0, 32)}`
}

export function parseSessionId(value: string): string {
  const parsed = SessionId.safeParse(value)
  if (parsed.success) return parsed.data
  throw new WeftError('invalid_request', `X-Session-ID: ${parsed.error.issues[0]?.message ?? 'not a session id'}`, {
    param: 'X-Session-ID',
  })
}

/** Printable, and short enough for a log line and a state key. */
const idempotencyKeyShape = /^[\x21-\x7e]{1,255}$/

export function parseIdempotencyKey(value: string | undefined): string | undefined {
  if (value === undefined || idempotencyKeyShape.test(value)) return value
  throw new WeftError('invalid_request', 'Idempotency-Key: use 1 to 255 printable ASCII characters without spaces', {
    param: 'Idempotency-Key',
  })
}
