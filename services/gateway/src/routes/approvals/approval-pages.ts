import { type ApprovalView, approvalLimits, parseValue, toWeftError, WeftError } from '@weft/contracts'
import express, { type ErrorRequestHandler, type Request, type Response, type Router } from 'express'
import { z } from 'zod'
import type { PageLinks } from '../../approvals/approval-links.ts'
import { decideApproval } from '../../approvals/decide-approval.ts'
import { findApproval, placeApproval } from '../../approvals/find-approval.ts'
import { toApiError } from '../../core/api-error.ts'
import { invalidKey } from '../../core/api-key.ts'
import { approvalPage, noticePage, pagePolicy } from '../../core/approval-page.ts'
import { type PageGrant, readPageToken } from '../../core/page-token.ts'
import type { PageTokens } from '../../http/page-tokens.ts'
import type { KeyStore } from '../../keys/key-store.ts'
import { isPassing } from '../../retry-briefly.ts'
import type { ApprovalDeps } from './approval-deps.ts'

export interface PageDeps extends ApprovalDeps {
  keyStore: Pick<KeyStore, 'findValid'>
  pages: PageLinks & { tokens: PageTokens }
}

const formBytesMax = 65_536
const tokenCharsMax = 8_192

const PageQuery = z.object({ token: z.string().max(tokenCharsMax) })
export const PageForm = PageQuery.extend({
  decision: z.enum(['approve', 'reject']),
  comment: z.string().trim().max(approvalLimits.textCharsMax).default(''),
})

/**
 * The page a person opens from a link: the token in it stands for the key. Reading the page, as link previews do, decides nothing; the
 * forms on it do, once. Mounted before keys are asked for.
 */
export function mountApprovalPages(router: Router, deps: PageDeps): void {
  const readForm = express.urlencoded({ extended: false, limit: formBytesMax, parameterLimit: 10 })
  router.get('/approvals/:id/page', guardPage, async (request, response) => {
    const { token } = parseValue(PageQuery, request.query, 'the link')
    const { grant, approval } = await openPage(deps, request, token)
    const problem = whyUndecidable(approval, grant)
    response.send(approvalPage(approval, problem === undefined ? { token, by: grant.by.id } : { problem }))
  })
  router.post('/approvals/:id/page', guardPage, readForm, async (request, response) => {
    const form = parseValue(PageForm, request.body ?? {}, 'the form')
    response.send(await decideOnPage(deps, request, form))
  })
  router.use('/approvals/:id/page', answerPageErrors)
}

function guardPage(_request: Request, response: Response, next: () => void): void {
  response.set({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': pagePolicy,
    'cache-control': 'no-store',
    // The address holds the token. "no-referrer" would take the Origin from the forms as well.
    'referrer-policy': 'same-origin',
    'x-frame-options': 'DENY',
  })
  next()
}

/** The approval that a link shows, and whom it lets decide. Throws `not_found` for a link that was not made here, `gone` for an expired one, `invalid_api_key` if its key was revoked. */
async function openPage(deps: PageDeps, request: Request, token: string): Promise<{ grant: PageGrant; approval: ApprovalView }> {
  const grant = readPageToken(token, { key: deps.pages.key, nowMs: Date.now() })
  const { tenant, approvalId, keyId } = grant
  if (approvalId !== request.params.id) throw new WeftError('not_found', 'this link is not valid')
  if (keyId !== undefined && !(await deps.keyStore.findValid([keyId])).has(keyId)) throw invalidKey()
  const place = await placeApproval(deps, { tenant, id: approvalId })
  return { grant, approval: await findApproval(deps, place) }
}

function whyUndecidable({ status, hash, decision, votes }: ApprovalView, grant: PageGrant): string | undefined {
  if (status !== 'pending')
    return `This was ${status}${decision === undefined ? '' : ` by ${decision.by}`}: there is nothing left to decide.`
  if (votes.some(({ by }) => by === grant.by.id)) return 'You have decided already; others still have to.'
  if (hash !== grant.hash) return 'What is asked has changed since this link was made: open a new link to decide about it.'
  return undefined
}

async function decideOnPage(deps: PageDeps, request: Request, form: z.infer<typeof PageForm>): Promise<string> {
  const { token, decision, comment } = form
  const { grant } = await openPage(deps, request, token)
  if (decision === 'reject' && comment === '') throw new WeftError('invalid_request', 'say why you reject it')
  const { tenant, approvalId, hash, by, expiresAtMs } = grant
  if (!(await deps.pages.tokens.consume({ tenant, token, expiresAtMs })))
    throw new WeftError('gone', 'this link was used already')
  try {
    const place = await placeApproval(deps, { tenant, id: approvalId })
    const wish = { approvalId, action: decision, hash, ...(comment === '' ? {} : { comment }) }
    const decided = await decideApproval(deps, { place, wish, by })
    const rest = decided.approval.status === 'pending' ? ' Others still have to decide.' : ''
    return noticePage(decision === 'approve' ? 'Approved' : 'Rejected', `Your decision is kept: ${decision} by ${by.id}.${rest}`)
  } catch (thrown) {
    if (isPassing(thrown)) await deps.pages.tokens.release({ tenant, token })
    throw thrown
  }
}

// biome-ignore lint/complexity/useMaxParams: express knows error handlers by their four parameters
const answerPageErrors: ErrorRequestHandler = (thrown, _request, response, next) => {
  const isForm = typeof thrown === 'object' && thrown !== null && 'type' in thrown && String(thrown.type).startsWith('entity.')
  const error = isForm ? new WeftError('invalid_request', 'the form is too long') : toWeftError(thrown)
  if (error.code === 'internal_error' || response.headersSent) {
    next(thrown)
    return
  }
  response.status(toApiError(error).status).send(noticePage('Nothing was decided', `${error.message}.`))
}
