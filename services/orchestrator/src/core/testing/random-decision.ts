import { type Approver, type DecideApproval, isTerminalStep, type WorkflowPlan, type WorkflowStep } from '@weft/contracts'
import type { ApprovalState, TurnState } from '../session-state.ts'

type Choose = (count: number) => number

/** What a person may do about an approval; `rearrange` puts another remaining plan in the place of the turn's. */
export type PersonAct = 'approve' | 'reject' | 'change' | 'rearrange'

/** A decision about what a person is shown, perhaps about a plan that cannot be. */
export function decisionOn(
  { id: approvalId, hash }: ApprovalState,
  { act, by, turn, pick }: { act: PersonAct; by: Approver; turn: TurnState; pick: Choose },
): DecideApproval {
  const shown = { approvalId, by, hash }
  if (act === 'change') return { ...shown, action: 'modify', params: { amount: pick(100) } }
  if (act === 'rearrange') return { ...shown, action: 'modify', plan: rearranged(turn, pick) }
  return { ...shown, action: act }
}

function rearranged({ plan, steps }: TurnState, pick: Choose): WorkflowPlan | undefined {
  let next = plan
  for (let edits = 1 + pick(2); edits > 0 && next !== undefined; edits -= 1) {
    // Mostly what has not ended.
    const open = next.steps.filter(({ stepId }) => pick(6) === 0 || !isTerminalStep(steps[stepId]?.status ?? 'pending'))
    const target = open[pick(Math.max(1, open.length))]
    if (target === undefined) return next
    next = [putBefore, putBefore, leaveOut, doOther, handOver, waitFor][pick(6)]?.(next, { target, pick }) ?? next
  }
  return next
}

interface Edit {
  target: WorkflowStep
  pick: Choose
}

/** A step that is new, or was left out before. */
function putBefore(plan: WorkflowPlan, { target, pick }: Edit): WorkflowPlan {
  const taken = new Set(plan.steps.map(({ stepId }) => stepId))
  const stepId = ['s0', 's1', 's2', 's3', 'extra-0', 'extra-1', 'extra-2'].filter((id) => !taken.has(id))[pick(4)]
  if (stepId === undefined) return plan
  const other = plan.steps[pick(plan.steps.length)]
  const dependsOn = [[], target.dependsOn, other === undefined || other === target ? [] : [other.stepId]][pick(3)] ?? []
  const step = { stepId, agent: 'worker', capability: 'work', params: {}, dependsOn, parallel: false }
  return changeStep(plan, { ...target, dependsOn: [...target.dependsOn, stepId] }, [step])
}

function leaveOut(plan: WorkflowPlan, { target: { stepId } }: Edit): WorkflowPlan {
  const left = plan.steps.filter((step) => step.stepId !== stepId).map((step) => withoutDependency(step, stepId))
  const last = left.at(-1)?.stepId
  if (last === undefined) return plan
  return { ...plan, steps: left, answerStepId: plan.answerStepId === stepId ? last : plan.answerStepId }
}

function withoutDependency(step: WorkflowStep, stepId: string): WorkflowStep {
  if (!step.dependsOn.includes(stepId)) return step
  const { when: _when, join: _join, ...rest } = step
  return { ...rest, dependsOn: step.dependsOn.filter((id) => id !== stepId) }
}

function doOther(plan: WorkflowPlan, { target, pick }: Edit): WorkflowPlan {
  return changeStep(plan, { ...target, params: { amount: pick(100) } })
}

function handOver(plan: WorkflowPlan, { target }: Edit): WorkflowPlan {
  return changeStep(plan, { ...target, agent: target.agent === 'worker' ? 'second' : 'worker' })
}

function waitFor(plan: WorkflowPlan, { target, pick }: Edit): WorkflowPlan {
  const other = plan.steps[pick(plan.steps.length)]?.stepId
  if (other === undefined || other === target.stepId || target.dependsOn.includes(other)) return plan
  return changeStep(plan, { ...target, dependsOn: [...target.dependsOn, other] })
}

function changeStep(plan: WorkflowPlan, changed: WorkflowStep, more: WorkflowStep[] = []): WorkflowPlan {
  return { ...plan, steps: [...plan.steps.map((step) => (step.stepId === changed.stepId ? changed : step)), ...more] }
}
