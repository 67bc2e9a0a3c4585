import { isDeepStrictEqual } from 'node:util'
import { type ApprovalView, isTerminalStep, isTerminalTurn, type Problem, type TurnAnswer } from '@weft/contracts'
import { applyOutcome } from './apply-outcome.ts'
import type { SessionDraft } from './session-draft.ts'
import type { AttemptOutcome, SessionInput } from './session-state.ts'

type ChildTold = Extract<SessionInput, { type: 'child' }>

/** Arguments longer than this are shown by the approval itself only, in characters of JSON. */
const argsCharsMax = 4_096

/** Takes what a child session is now: its end is the outcome of its step; before that, its pending approvals surface here. */
export function applyChild(draft: SessionDraft, input: ChildTold): void {
  const step = draft.currentStep(input)
  if (step?.child === undefined) return
  const { turn, stepId, status, answer } = input
  if (isTerminalTurn(status)) {
    draft.editStep(turn, stepId).child = { ...step.child, status, approvals: [] }
    applyOutcome(draft, {
      ...input,
      type: 'outcome',
      usage: answer?.usage ?? [],
      outcome: outcomeOf(step.child.sessionId, input),
    })
    return
  }
  const approvals = input.approvals.filter((approval) => approval.status === 'pending').map(lean)
  const next = { ...step.child, status, approvals }
  if (isDeepStrictEqual(next, step.child)) return
  draft.editStep(turn, stepId).child = next
  const message = `session ${next.sessionId} is ${status}`
  draft.log('step.progress', turn, {
    stepId,
    message,
    childSessionId: next.sessionId,
    approvalIds: approvals.map(({ id }) => id),
  })
}

function outcomeOf(sessionId: string, { status, answer }: ChildTold): AttemptOutcome {
  if (status === 'completed' && answer !== undefined) {
    const { text, degraded, citations } = answer
    return { kind: 'succeeded', output: { text, ...(degraded.length === 0 ? {} : { degraded }) }, citations, confidence: 1 }
  }
  return { kind: 'failed', problem: problemOf(sessionId, status, answer) }
}

/** The child has tried as often as its own plan allows. */
function problemOf(sessionId: string, status: string, answer: TurnAnswer | undefined): Problem {
  const { problem } = answer ?? {}
  const why = problem === undefined ? '' : `: ${problem.message}`
  return {
    ...(problem ?? { code: 'conflict' as const }),
    message: `session ${sessionId} was ${status === 'cancelled' ? 'cancelled' : 'not answered'}${why}`,
    isRetryable: false,
  }
}

function lean(approval: ApprovalView): ApprovalView {
  if (JSON.stringify(approval.args ?? null).length <= argsCharsMax) return approval
  return { ...approval, args: `too long to be shown here: GET /approvals/${approval.id}` }
}

/** A child says that something changed: it is asked what. Answers whether its step still wants it. */
export function noteChildChanged(draft: SessionDraft, { turn, stepId }: { turn: number; stepId: string }): void {
  const step = draft.findTurn(turn)?.steps[stepId]
  const isWanted = step?.child !== undefined && !isTerminalStep(step.status)
  if (isWanted && step.status === 'dispatched')
    draft.command({ type: 'visit', turn, stepId, epoch: step.epoch, attempt: step.attempt })
  draft.reply = { kind: 'heard', isWanted }
}
