import type { ApprovalView, SessionView, TurnAnswer, TurnStatus, TurnView } from '@weft/contracts'
import { pendingApprovals } from './pending-approvals.ts'

/** How a turn ended, or where it pauses: `answer.text` is the whole answer. */
export interface TurnEnd {
  status: Exclude<TurnStatus, 'running'>
  answer: TurnAnswer
  /** What is waited for: the turn's own approvals, or those of an earlier turn that it is queued behind. */
  pending: ApprovalView[]
  isQueued: boolean
}

const noAnswer: TurnAnswer = { text: '', citations: [], degraded: [], usage: [], costUsd: 0 }

/** The end or the pause of a turn as its session shows it; undefined while it runs. */
export function endInView(session: SessionView, turn: TurnView): TurnEnd | undefined {
  const { status, answer = noAnswer } = turn
  if (status === 'awaiting_approval') return { status, answer, pending: pendingApprovals({ turns: [turn] }), isQueued: false }
  if (status !== 'running') return { status, answer, pending: [], isQueued: false }
  const paused = session.turns.find((earlier) => earlier.turn < turn.turn && earlier.status === 'awaiting_approval')
  // A turn with a plan has begun, whatever came before it.
  if (paused === undefined || turn.plan !== undefined) return undefined
  return { status: 'awaiting_approval', answer, pending: pendingApprovals({ turns: [paused] }), isQueued: true }
}
