import { randomFillSync } from 'node:crypto'
import { z } from 'zod'

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz'

export type IdPrefix =
  | 'sess'
  | 'appr'
  | 'vs'
  | 'file'
  | 'chunk'
  | 'key'
  | 'plan'
  | 'req'
  | 'chatcmpl'
  | 'vsfb'
  | 'wh'
  | 'bud'
  | 'resp'
  | 'route'
  | 'call'

/** A new opaque id: the prefix and 24 random letters and digits (about 124 bits). */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${randomLetters(24)}`
}

/** A stock of random bytes: drawing those for many ids at once costs hardly more than for one. */
const bytes = Buffer.alloc(8_192)
let bytesUsed = bytes.length

/** Random lower-case letters and digits, up to 8,192 of them. */
export function randomLetters(count: number): string {
  if (bytesUsed + count > bytes.length) {
    randomFillSync(bytes)
    bytesUsed = 0
  }
  let letters = ''
  for (const end = bytesUsed + count; bytesUsed < end; bytesUsed++)
    letters += alphabet.charAt(bytes.readUInt8(bytesUsed) % alphabet.length)
  return letters
}

/** Session ids clients may choose: they become part of actor ids and topics, so the alphabet is narrow. */
export const SessionId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9_-]+$/, 'use letters, digits, "_" and "-"')

/** The actor id of a session. Tenants contain no dot, so the pair is unambiguous. */
export function sessionActorId(tenant: string, sessionId: string): string {
  return `${tenant}.${sessionId}`
}

/** An approval's id tells its session, so that it is found without the database: the session's `n`th. */
export function approvalId(sessionId: string, n: number): string {
  return `appr_${sessionId}.${n}`
}

/** The session an approval belongs to; undefined when the id is none. Session ids contain no dot. */
export function sessionOfApproval(id: string): string | undefined {
  return /^appr_([A-Za-z0-9_-]{1,128})\.[1-9]\d{0,8}$/.exec(id)?.[1]
}
