import { randomBytes } from 'node:crypto'
import type { Approver } from '@weft/contracts'
import { pageTtlMs, signPageToken } from './core/page-token.ts'

export interface LinkRequest {
  /** Scheme and host under which people reach this gateway. */
  base: string
  tenant: string
  approval: { id: string; hash: string; deadline?: string | undefined }
  by: Approver
  /** The key the link is made with; it ends with it. */
  keyId: string | undefined
}

/** A link to an approval's page for one approver, good once, for an hour, and not beyond the deadline. */
export function approvalLink(
  pageKey: string,
  { base, tenant, approval, by, keyId }: LinkRequest,
): { url: string; expiresAt: string } {
  const { id, hash, deadline } = approval
  const expiresAtMs = Math.min(Date.now() + pageTtlMs, deadline === undefined ? Number.POSITIVE_INFINITY : Date.parse(deadline))
  const nonce = randomBytes(12).toString('base64url')
  const grant = { tenant, approvalId: id, hash, by, expiresAtMs, nonce, ...(keyId === undefined ? {} : { keyId }) }
  return {
    url: `${base}/approvals/${id}/page?token=${signPageToken(grant, pageKey)}`,
    expiresAt: new Date(expiresAtMs).toISOString(),
  }
}
