import { canonicalJson, type WorkflowPlan, type WorkflowStep } from '@weft/contracts'

/** The same work with less waiting: equal retrievals merged, dependencies that others already imply removed, independent steps marked parallel. */
export function optimizePlan(plan: WorkflowPlan): WorkflowPlan {
  const merged = mergeEqualRetrievals(plan)
  const ancestry = ancestryOf(merged.steps)
  const reduced = merged.steps.map((step) => ({ ...step, dependsOn: withoutImplied(step, ancestry) }))
  return { ...merged, steps: reduced.map((step) => ({ ...step, parallel: runsBeside(reduced, step) })) }
}

function mergeEqualRetrievals(plan: WorkflowPlan): WorkflowPlan {
  const counted = countedByJoins(plan)
  const firstOfWork = new Map<string, string>()
  const replacedBy = new Map<string, string>()
  const kept = plan.steps.filter((step) => {
    if (step.capability !== 'retrieve' || step.stepId === plan.answerStepId || counted.has(step.stepId)) return true
    const work = workOf(step)
    const first = firstOfWork.get(work)
    if (first === undefined) firstOfWork.set(work, step.stepId)
    else replacedBy.set(step.stepId, first)
    return first === undefined
  })
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
function countedByJoins({ steps }: WorkflowPlan): Set<string> {
  const counting = steps.filter(({ join }) => join !== undefined && join !== 'all')
  return new Set(counting.flatMap(({ dependsOn }) => dependsOn))
}

/** Everything of a step but its name and place, the same text for the same work whatever the order of its fields. */
function workOf({ stepId: _stepId, parallel: _parallel, ...work }: WorkflowStep): string {
  return canonicalJson(work)
}

/** A dependency is implied when another dependency waits for it anyway. Agents see only direct dependencies, so retrievals stay. */
function withoutImplied(step: WorkflowStep, { retrievals, ancestors }: Ancestry): string[] {
  if (step.join !== undefined && step.join !== 'all') return step.dependsOn
  const implied = unionOf(step.dependsOn, (stepId) => ancestors.get(stepId) ?? new Set())
  return step.dependsOn.filter((stepId) => !implied.has(stepId) || retrievals.has(stepId) || step.when?.step === stepId)
}

interface Ancestry {
  retrievals: Set<string>
  /** What each step waits for, directly or through others. */
  ancestors: Map<string, Set<string>>
}

function ancestryOf(steps: WorkflowStep[]): Ancestry {
  const byId = new Map(steps.map((step) => [step.stepId, step]))
  const ancestors = new Map<string, Set<string>>()
  const visit = (stepId: string): Set<string> => {
    const known = ancestors.get(stepId)
    if (known !== undefined) return known
    // Noted before its dependencies are: a cycle, which validation refuses, ends here.
    ancestors.set(stepId, new Set())
    const parents = byId.get(stepId)?.dependsOn ?? []
    const found = unionOf(parents, visit)
    for (const parent of parents) found.add(parent)
    ancestors.set(stepId, found)
    return found
  }
  for (const { stepId } of steps) visit(stepId)
  return {
    retrievals: new Set(steps.filter(({ capability }) => capability === 'retrieve').map(({ stepId }) => stepId)),
    ancestors,
  }
}

/** All that any of these steps waits for. What one in the union waits for is in it too, so a dense plan is not walked again and again. */
function unionOf(stepIds: string[], ancestorsOf: (stepId: string) => Set<string>): Set<string> {
  const union = new Set<string>()
  for (const stepId of stepIds.toReversed()) {
    if (union.has(stepId)) continue
    for (const each of ancestorsOf(stepId)) union.add(each)
  }
  return union
}

/** Parallel: some other step neither needs this one nor is needed by it, and no dependency of it is parallel already. */
function runsBeside(steps: WorkflowStep[], step: WorkflowStep): boolean {
  if (step.dependsOn.length > 0) return false
  return steps.some((other) => other.stepId !== step.stepId && other.dependsOn.length === 0)
}
