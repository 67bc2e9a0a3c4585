import { isDeepStrictEqual } from 'node:util'
import { canonicalJson, isTerminalStep, WeftError, type WorkflowPlan, type WorkflowStep } from '@weft/contracts'
import { actionOf, hashOfQuestion, hashOfStep, noteApproval, retryActionOf } from './ask-approval.ts'
import { endApproval } from './end-approval.ts'
import { newStep } from './new-session.ts'
import type { SessionDraft } from './session-draft.ts'
import type { ApprovalState, StepState, TurnState } from './session-state.ts'

/**
 * Puts another plan in the place of a running turn's. What has started stays as it is; every approval that is still pending is asked anew
 * under the new version (earlier votes no longer count), and one whose step is left out ends. Refused with `invalid_plan` when a step
 * that has started would be changed or lost.
 */
export function changePlan(draft: SessionDraft, turn: number, { plan, by }: { plan: WorkflowPlan; by: string }): void {
  const owner = draft.editTurn(turn)
  if (owner.plan === undefined) throw new RangeError(`turn ${turn} has no plan to change`)
  refuseRewriting(owner, plan)
  leaveOut(draft, owner, { kept: new Set(plan.steps.map((step) => step.stepId)), by })
  const known = new Map(owner.plan.steps.map((step) => [step.stepId, step]))
  owner.plan = plan
  owner.planVersion += 1
  for (const step of plan.steps) {
    const before = known.get(step.stepId)
    if (before === undefined) addStep(owner, step)
    else moveStep(draft, owner, { step, before })
  }
  draft.log('plan.ready', turn, { plan, planVersion: owner.planVersion, by })
  for (const approval of owner.approvals) {
    if (approval.status === 'pending') bindAnew(draft, owner, approval)
  }
}

function refuseRewriting({ plan, steps, approvals }: TurnState, next: WorkflowPlan): void {
  for (const before of plan?.steps ?? []) {
    const state = steps[before.stepId]
    if (state === undefined || !hasStarted(approvals, state)) continue
    const after = next.steps.find((step) => step.stepId === before.stepId)
    if (after !== undefined && comparable(after) === comparable(before)) continue
    const what = after === undefined ? 'left out' : 'changed'
    throw new WeftError('invalid_plan', `step "${before.stepId}" is ${state.status} and cannot be ${what} any more`, {
      param: `plan.steps.${before.stepId}`,
    })
  }
}

/** A step whose agent asks in the middle of its work has started too. */
function hasStarted(approvals: ApprovalState[], { status, approvalId }: StepState): boolean {
  if (status === 'dispatched' || isTerminalStep(status)) return true
  return approvals.some((approval) => approval.id === approvalId && approval.kind === 'agent')
}

function comparable(step: WorkflowStep): string {
  return canonicalJson({ ...step, dependsOn: step.dependsOn.toSorted() })
}

function leaveOut(draft: SessionDraft, turn: TurnState, { kept, by }: { kept: ReadonlySet<string>; by: string }): void {
  for (const [stepId, { status }] of Object.entries(turn.steps)) {
    if (kept.has(stepId) || isTerminalStep(status)) continue
    const pending = turn.approvals.find((approval) => approval.stepId === stepId && approval.status === 'pending')
    if (pending !== undefined) endApproval(draft, { turn: turn.turn, id: pending.id }, { status: 'cancelled', by: 'plan' })
    const state = draft.editStep(turn.turn, stepId)
    state.status = 'cancelled'
    state.approvalId = undefined
    state.endedAtMs = draft.nowMs
    draft.log('step.cancelled', turn.turn, { stepId, cause: `${by} left it out of the plan` })
  }
}

/**
 * Adds a step that the plan before did not have. If an earlier plan had it, it counts on from the attempts it had then, so that what one of those still tells
 * is not taken for the next; and it is other work now.
 */
function addStep(turn: TurnState, { stepId, agent }: WorkflowStep): void {
  const { attempt, revision } = turn.steps[stepId] ?? { attempt: 0, revision: 0 }
  turn.steps[stepId] = { ...newStep(agent), attempt, interruptions: attempt, revision: attempt > 0 ? revision + 1 : 0 }
}

/** A step that has run before and does the same as before keeps what it was granted; any other is asked about again where it has to be. */
function moveStep(draft: SessionDraft, turn: TurnState, { step, before }: { step: WorkflowStep; before: WorkflowStep }): void {
  const known = turn.steps[step.stepId]
  if (known === undefined || isTerminalStep(known.status)) return
  // By hash, because a step that fell back to another agent while the session was paused still has the approval of the one before.
  const isGranted =
    known.approvedHash !== undefined &&
    known.approvedHash === hashOfStep(draft, { ...turn, planVersion: turn.planVersion - 1 }, before)
  const state = draft.editStep(turn.turn, step.stepId)
  const isHandedOver = step.agent !== before.agent
  if (state.attempt === 0 || isHandedOver) state.agent = step.agent
  const isSame = !isHandedOver && step.capability === before.capability && isDeepStrictEqual(step.params, before.params)
  if (state.attempt > 0 && !isSame) {
    state.revision += 1
    state.checkpoint = undefined
  }
  state.approvedHash = isGranted && state.attempt > 0 && isSame ? hashOfStep(draft, turn, step) : undefined
}

function bindAnew(draft: SessionDraft, turn: TurnState, { id }: ApprovalState): void {
  const approval = draft.editApproval(turn.turn, id)
  const step = turn.plan?.steps.find((candidate) => candidate.stepId === approval.stepId)
  approval.planVersion = turn.planVersion
  approval.votes = []
  if (approval.kind !== 'agent' && step !== undefined) {
    const { capability, params: args } = step
    const agent = turn.steps[step.stepId]?.agent ?? step.agent
    const action = approval.kind === 'step' ? actionOf(agent, capability) : retryActionOf(capability)
    const next = { ...approval.question, agent, capability, action, args }
    if (!isDeepStrictEqual(next, approval.question)) approval.questionVersion += 1
    approval.question = next
  }
  approval.hash = hashOfQuestion(draft, turn, approval)
  noteApproval(draft, { turn: turn.turn, approval }, { kind: 'outdated', by: 'plan' })
}
