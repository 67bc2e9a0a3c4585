import type { ApprovalDecision, Problem, StepDecision, WorkflowStep } from '@weft/contracts'
import { giveUp } from './fail-step.ts'
import type { SessionDraft } from './session-draft.ts'
import type { ApprovalState } from './session-state.ts'
import { startStep } from './start-step.ts'

/** What a decided approval means for its step. */
export function resolveApproval(draft: SessionDraft, turn: number, approval: ApprovalState): void {
  const owner = draft.findTurn(turn)
  const step = owner?.plan?.steps.find((candidate) => candidate.stepId === approval.stepId)
  const { decision } = approval
  if (step === undefined || decision === undefined || owner?.steps[step.stepId]?.approvalId !== approval.id) return
  draft.editStep(turn, step.stepId).approvalId = undefined
  if (decision.status === 'approved' || decision.status === 'modified') grant(draft, { turn, step }, approval)
  else refuse(draft, { turn, step }, approval)
}

interface At {
  turn: number
  step: WorkflowStep
}

function grant(draft: SessionDraft, at: At, approval: ApprovalState): void {
  if (approval.kind === 'step') draft.editStep(at.turn, at.step.stepId).approvedHash = approval.hash
  else keepDecision(draft, at, approval)
  continueStep(draft, at)
}

/** An agent that asked is told no and ends its work itself; a step that was not let begin, or try again, is given up. */
function refuse(draft: SessionDraft, at: At, approval: ApprovalState): void {
  if (approval.kind === 'agent') {
    keepDecision(draft, at, approval)
    continueStep(draft, at)
    return
  }
  const turn = draft.findTurn(at.turn)
  if (turn !== undefined) giveUp(draft, { turn, step: at.step, problem: refusalOf(at.step, approval) })
}

function continueStep(draft: SessionDraft, { turn, step }: At): void {
  const state = draft.editStep(turn, step.stepId)
  state.status = 'ready'
  state.notBeforeMs = draft.nowMs
  startStep(draft, turn, step)
}

function keepDecision(draft: SessionDraft, { turn, step }: At, { id, kind, decision, question }: ApprovalState): void {
  if (decision === undefined) return
  const { by, comment, status } = decision
  const kept: StepDecision = {
    approvalId: id,
    kind,
    decision: status === 'approved' || status === 'modified' ? 'approve' : 'reject',
    by,
    args: question.args,
    ...(comment === undefined ? {} : { comment }),
  }
  const state = draft.editStep(turn, step.stepId)
  state.decisions = [...state.decisions, kept]
}

function refusalOf({ stepId }: WorkflowStep, { id, kind, decision, question }: ApprovalState): Problem {
  const what = kind === 'failure' ? `step "${stepId}" failed (${question.reason}), and trying it again` : `step "${stepId}"`
  return {
    code: 'conflict',
    message: `${what} ${verdictText(decision)}`,
    isRetryable: false,
    details: { approvalId: id },
  }
}

function verdictText(decision: ApprovalDecision | undefined): string {
  if (decision?.status === 'expired') return 'was not approved before the deadline'
  const why = decision?.comment === undefined ? '' : `: ${decision.comment}`
  return `was rejected by ${decision?.by ?? 'nobody'}${why}`
}
