import { type Approver, approvalLimits, parseValue, sessionOfApproval } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import { type DecideDeps, decideApproval } from '../../approvals/decide-approval.ts'
import { placeApproval } from '../../approvals/find-approval.ts'
import { toApiError } from '../../core/api-error.ts'
import { approverOf } from '../../core/approver.ts'
import { batchItemId, wishBatchItem, wishDecision } from '../../core/decision-request.ts'
import { foreseen } from '../../http/answer-errors.ts'
import { identityOf } from '../../http/request-context.ts'

/** Each decision is read on its own, so that one that is malformed does not stop the others. */
export const BatchBody = z.strictObject({ decisions: z.array(z.unknown()).min(1).max(approvalLimits.batchMax) })

/** `POST /approvals/batch`: every decision with its own result, in the order they were sent; one that fails does not stop the others. */
export function decideBatch(deps: DecideDeps): RequestHandler {
  return async (request, response) => {
    const { decisions } = parseValue(BatchBody, request.body, 'the request')
    const identity = identityOf(response)
    const who = { tenant: identity.tenant, by: approverOf(identity) }
    const results = await inSessionOrder(decisions, (item) => decideOne(deps, item, who))
    response.json({ object: 'list', data: results, has_more: false })
  }
}

async function decideOne(deps: DecideDeps, item: unknown, { tenant, by }: { tenant: string; by: Approver }) {
  try {
    const { id, action, body } = wishBatchItem(item)
    const wish = wishDecision(id, action, body)
    const place = await placeApproval(deps, { tenant, id })
    const { approval, isRepeat } = await decideApproval(deps, { place, wish: { ...wish, approvalId: place.approvalId }, by })
    return { id, status: 200, approval, isRepeat }
  } catch (thrown) {
    const { status, body } = toApiError(foreseen(thrown))
    return { id: batchItemId(item), status, ...body }
  }
}

/** Takes the decisions about a session one after another, since one may change what the next is about; different sessions at the same time. */
async function inSessionOrder<T>(items: unknown[], act: (item: unknown) => Promise<T>): Promise<T[]> {
  const last = new Map<string, Promise<unknown>>()
  return Promise.all(
    items.map((item) => {
      const id = batchItemId(item) ?? ''
      const session = sessionOfApproval(id) ?? id
      const done = (last.get(session) ?? Promise.resolve()).then(() => act(item))
      last.set(session, done)
      return done
    }),
  )
}
