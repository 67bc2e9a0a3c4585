import { isDeepStrictEqual } from 'node:util'
import type { WorkflowPlan, WorkflowStep } from '@weft/contracts'

/** The same work with less waiting: equal retrievals merged, dependencies that others already imply removed, independent steps marked parallel. */
export function optimizePlan(plan: WorkflowPlan): WorkflowPlan {
  const merged = mergeEqualRetrievals(plan)
  const reduced = merged.steps.map((step) => ({ ...step, dependsOn: withoutImplied(merged.steps, step) }))
  return { ...merged, steps: reduced.map((step) => ({ ...step, parallel: runsBeside(reduced, step) })) }
}

function mergeEqualRetrievals(plan: WorkflowPlan): WorkflowPlan {
  const replacedBy = new Map<string, string>()
  const kept: WorkflowStep[] = []
  for (const step of plan.steps) {
    const twin = isMergeable(plan, step) ? kept.find((other) => isMergeable(plan, other) && isSameWork(other, step)) : undefined
    if (twin === undefined) kept.push(step)
    else replacedBy.set(step.stepId, twin.stepId)
  }
  const rename = (stepId: string) => replacedBy.get(stepId) ?? stepId
  return {
    ...plan,
    steps: kept.map((step) => ({
      ...step,
      dependsOn: [...new Set(step.dependsOn.map(rename))],
      ...renamedCondition(step, rename),
    })),
  }
}

function renamedCondition({ when }: WorkflowStep, rename: (stepId: string) => string): Pick<WorkflowStep, 'when'> {
  return when === undefined ? {} : { when: { ...when, step: rename(when.step) } }
}

/** A join that counts its dependencies means each of them, so twins are merged only where all dependents wait for all. */
function isMergeable(plan: WorkflowPlan, step: WorkflowStep): boolean {
  if (step.capability !== 'retrieve' || step.stepId === plan.answerStepId) return false
  const dependents = plan.steps.filter((other) => other.dependsOn.includes(step.stepId))
  return dependents.every((dependent) => dependent.join === undefined || dependent.join === 'all')
}

function isSameWork(left: WorkflowStep, right: WorkflowStep): boolean {
  const { stepId: _left, parallel: _leftParallel, ...leftWork } = left
  const { stepId: _right, parallel: _rightParallel, ...rightWork } = right
  return isDeepStrictEqual(leftWork, rightWork)
}

/** A dependency is implied when another dependency waits for it anyway. Agents see only direct dependencies, so retrievals stay. */
function withoutImplied(steps: WorkflowStep[], step: WorkflowStep): string[] {
  if (step.join !== undefined && step.join !== 'all') return step.dependsOn
  return step.dependsOn.filter((stepId) => {
    if (isEvidence(steps, stepId) || step.when?.step === stepId) return true
    return !step.dependsOn.some((other) => other !== stepId && ancestors(steps, other).has(stepId))
  })
}

function isEvidence(steps: WorkflowStep[], stepId: string): boolean {
  return steps.some((step) => step.stepId === stepId && step.capability === 'retrieve')
}

function ancestors(steps: WorkflowStep[], stepId: string, seen = new Set<string>()): Set<string> {
  const step = steps.find((candidate) => candidate.stepId === stepId)
  for (const parent of step?.dependsOn ?? []) {
    if (seen.has(parent)) continue
    seen.add(parent)
    ancestors(steps, parent, seen)
  }
  return seen
}

/** Parallel: some other step neither needs this one nor is needed by it, and no dependency of it is parallel already. */
function runsBeside(steps: WorkflowStep[], step: WorkflowStep): boolean {
  if (step.dependsOn.length > 0) return false
  return steps.some((other) => other.stepId !== step.stepId && other.dependsOn.length === 0)
}
