import { isDeepStrictEqual } from 'node:util'
import { type ApprovalView, isTerminalStep, isTerminalTurn, type Problem, type TurnAnswer } from '@weft/contracts'
import { applyOutcome } from './apply-outcome.ts'
import { sendErrand } from './errands.ts'
import type { SessionDraft } from './session-draft.ts'
import type { AttemptOutcome, SessionInput } from './session-input.ts'
import type { ChildState, ChildTold, StepRef } from './session-state.ts'

type ChildInput = Extract<SessionInput, { type: 'child' }>

/** Arguments longer than this are shown by the approval itself only, in characters of JSON. */
const argsCharsMax = 4_096

/** Takes what a child session is now: its end is the outcome of its step; before that, its pending approvals surface here. */
export function applyChild(draft: SessionDraft, input: ChildInput): void {
  const { told, ...ref } = input
  const child = draft.currentStep(ref)?.child
  if (child?.sessionId !== input.sessionId) cancelStray(draft, input)
  else if ('code' in told) applyOutcome(draft, { ...ref, type: 'outcome', usage: [], outcome: { kind: 'failed', problem: told } })
  else if (isTerminalTurn(told.status)) endChild(draft, { ref, child }, told)
  else if (told.seq >= child.toldSeq) noteChild(draft, { ref, child }, told)
}

/**
 * Cancels a child session that nobody waits for, because its step ended, or began another one, while it was being opened. A child that the step's current
 * attempt goes on with is left alone, also when it was an earlier attempt that asked about it.
 */
function cancelStray(draft: SessionDraft, { turn, stepId, sessionId, told }: ChildInput): void {
  const step = draft.findTurn(turn)?.steps[stepId]
  const isOver = step === undefined || isTerminalStep(step.status) || step.child?.sessionId !== sessionId
  if (isOver && !('code' in told) && !isTerminalTurn(told.status)) {
    sendErrand(draft, { to: 'child', sessionId, method: 'cancel' })
  }
}

interface Told {
  ref: StepRef
  child: ChildState
}

function endChild(draft: SessionDraft, { ref, child }: Told, told: ChildTold): void {
  draft.editStep(ref.turn, ref.stepId).child = { ...child, status: told.status, approvals: [], toldSeq: told.seq }
  const usage = told.answer?.usage ?? []
  applyOutcome(draft, { ...ref, type: 'outcome', usage, outcome: outcomeOf(child.sessionId, told) })
}

function noteChild(draft: SessionDraft, { ref: { turn, stepId }, child }: Told, told: ChildTold): void {
  const approvals = (told.approvals ?? []).filter((approval) => approval.status === 'pending').map(withoutLongArgs)
  const next: ChildState = { ...child, status: told.status, approvals, toldSeq: told.seq }
  if (isDeepStrictEqual(next, child)) return
  const step = draft.editStep(turn, stepId)
  if (waits(next)) next.waitsSinceMs ??= draft.nowMs
  else {
    step.deadlineMs += draft.nowMs - (next.waitsSinceMs ?? draft.nowMs)
    next.waitsSinceMs = undefined
  }
  step.child = next
  // The first word of a child: it may have been opened just as its parent was paused, and was not told.
  if (draft.session.isPaused && child.toldSeq === 0)
    sendErrand(draft, { to: 'child', sessionId: child.sessionId, method: 'pause' })
  if (next.status === child.status && isDeepStrictEqual(next.approvals, child.approvals)) return
  const message = `session ${child.sessionId} is ${told.status}`
  const approvalIds = approvals.map(({ id }) => id)
  draft.log('step.progress', turn, { stepId, message, childSessionId: child.sessionId, approvalIds })
}

function waits({ status }: ChildState): boolean {
  return status === 'awaiting_approval'
}

function outcomeOf(sessionId: string, { status, answer }: ChildTold): AttemptOutcome {
  if (status === 'completed' && answer !== undefined) {
    const { text, degraded, citations } = answer
    return { kind: 'succeeded', output: { text, ...(degraded.length === 0 ? {} : { degraded }) }, citations, confidence: 1 }
  }
  return { kind: 'failed', problem: problemOf(sessionId, status, answer) }
}

/** Never retryable: the child has tried as often as its own plan allows. */
function problemOf(sessionId: string, status: string, answer: TurnAnswer | undefined): Problem {
  const { problem } = answer ?? {}
  const why = problem === undefined ? '' : `: ${problem.message}`
  return {
    ...(problem ?? { code: 'conflict' as const }),
    message: `session ${sessionId} was ${status === 'cancelled' ? 'cancelled' : 'not answered'}${why}`,
    isRetryable: false,
  }
}

function withoutLongArgs(approval: ApprovalView): ApprovalView {
  if (JSON.stringify(approval.args ?? null).length <= argsCharsMax) return approval
  return { ...approval, args: `too long to be shown here: GET /approvals/${approval.id}` }
}

/** A child says that something changed: it is visited until it has told what. The reply says whether its step still wants it. */
export function noteChildChanged(
  draft: SessionDraft,
  { turn, stepId, seq }: Extract<SessionInput, { type: 'childChanged' }>,
): void {
  const step = draft.findTurn(turn)?.steps[stepId]
  const isWanted = step?.child !== undefined && !isTerminalStep(step.status)
  draft.reply = { kind: 'heard', isWanted }
  if (!isWanted || step?.child === undefined) return
  if (seq > step.child.changedSeq) draft.editStep(turn, stepId).child = { ...step.child, changedSeq: seq }
  if (step.status === 'dispatched') draft.command({ type: 'visit', turn, stepId, epoch: step.epoch, attempt: step.attempt })
}
