import { createHmac, timingSafeEqual } from 'node:crypto'
import { Approver, parseJson, WeftError } from '@weft/contracts'
import { z } from 'zod'

/** What a link to an approval's page stands for: one approver, and exactly what was asked when it was made. */
const PageGrant = z.object({
  tenant: z.string(),
  approvalId: z.string(),
  hash: z.string(),
  by: Approver,
  /** The API key that asked for the link, which is good only as long as the key. */
  keyId: z.string().optional(),
  expiresAtMs: z.number(),
  /** Makes two links for the same approval and approver differ, so that each can be used once. */
  nonce: z.string(),
})
export type PageGrant = z.infer<typeof PageGrant>

/** An hour: long enough to look into a matter, short for something that lies in mailboxes and histories. */
export const pageTtlMs = 3_600_000

/** The key that page tokens are signed with, made of a secret that all copies of the gateway share. */
export function pageKey(secret: string): string {
  return createHmac('sha256', secret).update('weft approval pages').digest('hex')
}

export function signPageToken(grant: PageGrant, key: string): string {
  const payload = Buffer.from(JSON.stringify(grant)).toString('base64url')
  return `${payload}.${signatureOf(payload, key)}`
}

/** Throws `not_found` for a token that was not signed here, `gone` for one whose time is over. */
export function readPageToken(token: string, { key, nowMs }: { key: string; nowMs: number }): PageGrant {
  const [payload = '', signature = '', ...more] = token.split('.')
  const [own, expected] = [Buffer.from(signature), Buffer.from(signatureOf(payload, key))]
  if (more.length > 0 || own.length !== expected.length || !timingSafeEqual(own, expected))
    throw new WeftError('not_found', 'this link is not valid')
  const grant = parseJson(PageGrant, Buffer.from(payload, 'base64url').toString('utf8'), 'the link')
  if (grant.expiresAtMs <= nowMs) throw new WeftError('gone', 'this link has expired')
  return grant
}

function signatureOf(payload: string, key: string): string {
  return createHmac('sha256', key).update(payload).digest('base64url')
}
