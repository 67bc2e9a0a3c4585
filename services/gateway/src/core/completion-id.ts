import { createHash } from 'node:crypto'
import { newId } from '@weft/contracts'

/** The id of an answer: a request that is repeated under its `Idempotency-Key` gets the one it got before, any other a new one. */
export function completionIdOf(sessionId: string, turn: number, idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return newId('chatcmpl')
  const hash = createHash('sha256').update(`${sessionId}.${turn}\n${idempotencyKey}`).digest('hex')
  return `chatcmpl_${hash.slice(0, 24)}`
}
