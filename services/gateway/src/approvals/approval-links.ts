import { randomBytes } from 'node:crypto'
import type { Approver } from '@weft/contracts'
import { pageTtlMs, signPageToken } from '../core/page-token.ts'

/** What links to approvals' pages are made with. */
export interface PageLinks {
  /** Signs them. */
  key: string
  /** Where people reach this gateway; undefined: where the request came to that asks for a link. */
  publicUrl: string | undefined
}

export interface LinkRequest {
  /** Where the request came to that asks for the link. */
  base: string
  tenant: string
  approval: { id: string; hash: string; deadline?: string | undefined }
  by: Approver
  /** The key the link is made with; it ends with it. */
  keyId: string | undefined
}

/** A link to an approval's page for one approver, good once, for an hour, and not beyond the deadline. */
export function approvalLink(
  { key, publicUrl }: PageLinks,
  { base, tenant, approval, by, keyId }: LinkRequest,
): { url: string; expiresAt: string } {
  const { id, hash, deadline } = approval
  const expiresAtMs = Math.min(Date.now() + pageTtlMs, deadline === undefined ? Number.POSITIVE_INFINITY : Date.parse(deadline))
  const nonce = randomBytes(12).toString('base64url')
  const grant = { tenant, approvalId: id, hash, by, expiresAtMs, nonce, ...(keyId === undefined ? {} : { keyId }) }
  return {
    url: `${publicUrl ?? base}/approvals/${id}/page?token=${signPageToken(grant, key)}`,
    expiresAt: new Date(expiresAtMs).toISOString(),
  }
}
