import { randomBytes } from 'node:crypto'
import type { Approver } from '@weft/contracts'
import { pageTtlMs, signPageToken } from '../core/page-token.ts'

/** What links to approvals' pages are made with. */
export interface PageLinks {
  /** The secret that links are signed with. */
  key: string
  /** The address at which people reach this gateway; undefined: the address that the request for the link was sent to. */
  publicUrl: string | undefined
}

export interface LinkRequest {
  /** The address that the request for the link was sent to. */
  base: string
  tenant: string
  approval: { id: string; hash: string; deadline?: string | undefined }
  by: Approver
  /** The API key that asks for the link. The link is good only as long as the key. */
  keyId: string | undefined
}

/** A link to an approval's page for one approver. It decides once, within an hour and before the approval's deadline. */
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
