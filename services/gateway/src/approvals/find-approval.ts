import { type ApprovalView, hasCode, SessionId, sessionOfApproval, type SessionView, WeftError } from '@weft/contracts'
import { unknownApproval } from '../core/decision-request.ts'
import { pendingApprovals } from '../core/pending-approvals.ts'
import type { SessionRef, Sessions } from '../sessions/dapr-sessions.ts'
import { settleWithin } from '../settle-within.ts'
import type { ApprovalLog } from './approval-log.ts'

export interface FindApprovalDeps {
  sessions: Pick<Sessions, 'view'>
  approvals: Pick<ApprovalLog, 'find'>
}

/** An approval's place: its id, and the session that decides about it. */
export interface ApprovalPlace extends SessionRef {
  approvalId: string
}

const logLimit = { ms: 3_000, what: 'the database' }

/**
 * The place of the approval that an id names. The id of a session stands for its one pending approval; with none pending, for the only approval of its newest
 * turn, so that a decision that is sent again finds what it decided. Throws `not_found`, or `conflict` naming the approvals when several are pending.
 */
export async function placeApproval(
  deps: Pick<FindApprovalDeps, 'sessions'>,
  named: { tenant: string; id: string },
): Promise<ApprovalPlace> {
  const { tenant, id } = named
  const sessionId = sessionOfApproval(id)
  if (sessionId !== undefined) return { tenant, sessionId, approvalId: id }
  if (!SessionId.safeParse(id).success) throw unknownApproval(id)
  const view = await viewIfKnown(deps, { tenant, sessionId: id })
  const pending = view === undefined ? [] : pendingApprovals(view)
  const asked = view?.turns.at(-1)?.approvals ?? []
  const [only, ...more] = pending.length === 0 && asked.length === 1 ? asked : pending
  if (only === undefined) throw unknownApproval(id)
  if (more.length === 0) return { tenant, sessionId: only.sessionId, approvalId: only.id }
  const ids = [only, ...more].map((approval) => approval.id)
  throw new WeftError('conflict', `session ${id} has ${ids.length} pending approvals, name one of them: ${ids.join(', ')}`, {
    param: 'id',
    details: { approvals: ids },
  })
}

/** An approval as its session has it or, if the session no longer keeps it, as the database does. Throws `not_found`. */
export async function findApproval(deps: FindApprovalDeps, place: ApprovalPlace): Promise<ApprovalView> {
  const view = await viewIfKnown(deps, place)
  const known = view?.turns.flatMap((turn) => turn.approvals ?? []).find(({ id }) => id === place.approvalId)
  if (known !== undefined) return known
  const kept = await settleWithin(deps.approvals.find({ tenant: place.tenant, id: place.approvalId }), logLimit)
  if (kept === undefined) throw unknownApproval(place.approvalId)
  return kept
}

/** A session, or undefined where there is none. */
export async function viewIfKnown(
  { sessions }: Pick<FindApprovalDeps, 'sessions'>,
  session: SessionRef,
): Promise<SessionView | undefined> {
  try {
    return await sessions.view(session)
  } catch (thrown) {
    if (hasCode(thrown, 'not_found', 'gone')) return undefined
    throw thrown
  }
}
