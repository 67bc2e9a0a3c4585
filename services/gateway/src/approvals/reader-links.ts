import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ApprovalView } from '@weft/contracts'
import { hasScope } from '../core/api-key.ts'
import { approverOf } from '../core/approver.ts'
import { baseOf, identityOf } from '../http/request-context.ts'
import { approvalLink, type PageLinks } from './approval-links.ts'

/** The link by which the reader of an answer gets to an approval: to its page if the reader's key may decide, else to the API. */
export function linksForReader(
  pages: PageLinks,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): (approval: ApprovalView) => string {
  const identity = identityOf(response)
  const base = baseOf(request)
  if (!hasScope(identity, 'approve')) return ({ id }) => `${pages.publicUrl ?? base}/approvals/${id}`
  const { tenant, keyId } = identity
  return (approval) => approvalLink(pages, { base, tenant, approval, by: approverOf(identity), keyId }).url
}
