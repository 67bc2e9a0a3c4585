import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { canonicalJson, isTerminalStep, type WorkflowStep } from '@weft/contracts'
import type { ApprovalState, StepState, TurnState } from '../session-state.ts'

/** What has ended stays as it ended. */
export function checkEnded(before: TurnState, after: TurnState): void {
  if (before.phase === 'ended') assert.deepEqual(after, before, `turn ${before.turn} has ended`)
  for (const { stepId } of before.plan?.steps ?? []) {
    const step = before.steps[stepId]
    if (step !== undefined && isTerminalStep(step.status)) assert.deepEqual(after.steps[stepId], step, `step ${stepId} has ended`)
  }
}

/** A plan is changed as a whole, and leaves what has begun as it is. */
export function checkPlanChange(before: TurnState, after: TurnState): void {
  if (before.plan === undefined || after.planVersion === before.planVersion) {
    assert.ok(before.plan === undefined || after.plan === before.plan, 'another plan is another version')
    return
  }
  assert.ok(after.planVersion > before.planVersion)
  for (const { id, votes } of before.approvals.filter(({ status }) => status === 'pending')) {
    const asked = after.approvals.find((approval) => approval.id === id && isOpenOrGranted(approval, after))
    assert.ok(!votes.some((vote) => asked?.votes.includes(vote)), `no vote on ${id} outlives the plan it was about`)
  }
  for (const step of before.plan.steps) {
    const status = before.steps[step.stepId]?.status
    if (status === undefined || (status !== 'dispatched' && !isTerminalStep(status))) continue
    const next = after.plan?.steps.find(({ stepId }) => stepId === step.stepId)
    assert.equal(inOrder(next), inOrder(step), `step ${step.stepId} is ${status}, and stays as it was planned`)
  }
}

function isOpenOrGranted({ status, stepId }: ApprovalState, { plan }: TurnState): boolean {
  return ['pending', 'approved', 'modified'].includes(status) && plan?.steps.some((step) => step.stepId === stepId) === true
}

function inOrder(step: WorkflowStep | undefined): string {
  return canonicalJson(step === undefined ? null : { ...step, dependsOn: step.dependsOn.toSorted() })
}

/** What runs is what the plan says and people agreed to. */
export function checkSteps(turn: TurnState): void {
  const { phase, plan, steps, approvals, policies } = turn
  for (const step of plan?.steps ?? []) {
    const state = steps[step.stepId]
    assert.ok(state !== undefined, `step ${step.stepId} has a state`)
    if (phase === 'ended') assert.ok(isTerminalStep(state.status), `step ${step.stepId} is ${state.status} in an ended turn`)
    if (state.status !== 'dispatched') continue
    assert.ok(mayRun(step, steps), `step ${step.stepId} runs before what it waits for`)
    assert.ok(
      [step.agent, step.onFailure?.agent].includes(state.agent),
      `${state.agent} does step ${step.stepId} of ${step.agent}`,
    )
    const isRuled = policies.some(({ isRequired, match }) => isRequired && match.agent === state.agent)
    if (step.approval === undefined && !isRuled) continue
    assert.ok(
      approvals.some((approval) => isGrant(approval, step, state)),
      `step ${step.stepId} runs without an approval of what it does`,
    )
  }
}

function isGrant(
  { kind, stepId, status, question, votes, quorum }: ApprovalState,
  step: WorkflowStep,
  state: StepState,
): boolean {
  if (kind !== 'step' || stepId !== step.stepId || (status !== 'approved' && status !== 'modified')) return false
  const { agent, capability, args } = question
  const voters = new Set(votes.flatMap(({ by, decision }) => (decision === 'approve' ? [by] : [])))
  return isDeepStrictEqual([agent, capability, args], [state.agent, step.capability, step.params]) && voters.size >= quorum
}

function mayRun({ dependsOn, join = 'all' }: WorkflowStep, steps: Record<string, StepState>): boolean {
  const statuses = dependsOn.map((stepId) => steps[stepId]?.status ?? 'pending')
  if (join === 'all' || dependsOn.length === 0) return statuses.every(isTerminalStep)
  return statuses.filter((status) => status === 'succeeded').length >= (join === 'any' ? 1 : join.atLeast)
}
