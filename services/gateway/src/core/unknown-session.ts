import { WeftError } from '@weft/contracts'

/** The same words wherever a session is looked for; an id that cannot be one is as unknown as any other. */
export function unknownSession(sessionId: string, cause?: unknown): WeftError {
  return new WeftError('not_found', `no session '${sessionId.slice(0, 256)}'`, { param: 'session_id', cause })
}
