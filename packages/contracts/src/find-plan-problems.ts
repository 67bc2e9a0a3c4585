import { canReachQuorum } from './approval.ts'
import { type PlanProblem, planLimits, type WorkflowPlan, type WorkflowStep } from './plan.ts'

/**
 * What is wrong with a plan in itself, whatever its agents can do: each problem with the step it is about; empty for a sound plan. Problems that build on
 * others (cycles, conditions) are only looked for once step ids are sound.
 */
export function findPlanProblems(plan: WorkflowPlan): PlanProblem[] {
  const problems = [...tooManySteps(plan), ...duplicateIds(plan), ...unknownIds(plan)]
  if (problems.length > 0) return problems
  return [...noEntry(plan), ...cycles(plan), ...plan.steps.flatMap((step) => stepProblems(plan, step))]
}

function tooManySteps({ steps }: WorkflowPlan): PlanProblem[] {
  return steps.length <= planLimits.stepsMax
    ? []
    : [{ message: `the plan has ${steps.length} steps, more than ${planLimits.stepsMax}` }]
}

function duplicateIds({ steps }: WorkflowPlan): PlanProblem[] {
  const seen = new Set<string>()
  return steps.flatMap(({ stepId }) => {
    if (seen.has(stepId)) return [{ stepId, message: `the step id "${stepId}" is used twice` }]
    seen.add(stepId)
    return []
  })
}

function unknownIds({ steps, answerStepId }: WorkflowPlan): PlanProblem[] {
  const known = new Set(steps.map((step) => step.stepId))
  const dangling = steps.flatMap(({ stepId, dependsOn }) =>
    dependsOn
      .filter((id) => !known.has(id))
      .map((id) => ({ stepId, message: `it depends on "${id}", which is not in the plan` })),
  )
  return known.has(answerStepId)
    ? dangling
    : [...dangling, { stepId: answerStepId, message: 'it is to give the answer (answerStepId), and is not in the plan' }]
}

function noEntry({ steps }: WorkflowPlan): PlanProblem[] {
  return steps.some((step) => step.dependsOn.length === 0)
    ? []
    : steps.slice(0, 1).map(({ stepId }) => ({ stepId, message: 'no step can start: every step depends on another' }))
}

/** Takes away, again and again, the steps whose dependencies are gone. Those that are left lie on a cycle or behind one. */
function cycles({ steps }: WorkflowPlan): PlanProblem[] {
  const open = new Map(steps.map((step) => [step.stepId, step]))
  let isShrinking = true
  while (isShrinking) {
    const free = [...open.values()].filter((step) => step.dependsOn.every((id) => !open.has(id)))
    for (const step of free) open.delete(step.stepId)
    isShrinking = free.length > 0
  }
  const [first] = open.values()
  return first === undefined
    ? []
    : [{ stepId: first.stepId, message: `it is on a cycle or behind one (${[...open.keys()].join(', ')})` }]
}

function stepProblems(plan: WorkflowPlan, step: WorkflowStep): PlanProblem[] {
  const messages = [
    ...joinProblems(step),
    ...conditionProblems(step),
    ...parallelProblems(plan, step),
    ...sizeProblems(step),
    ...approvalProblems(step),
  ]
  return messages.map((message) => ({ stepId: step.stepId, message }))
}

function joinProblems({ join, dependsOn }: WorkflowStep): string[] {
  const twice = dependsOn.find((id, index) => dependsOn.indexOf(id) !== index)
  if (twice !== undefined) return [`it depends on "${twice}" twice`]
  if (typeof join !== 'object' || join.atLeast <= dependsOn.length) return []
  return [`join atLeast ${join.atLeast} is more than its ${dependsOn.length} dependencies`]
}

function conditionProblems({ when, dependsOn }: WorkflowStep): string[] {
  return when === undefined || dependsOn.includes(when.step)
    ? []
    : [`its condition is on "${when.step}", which is not one of its dependencies`]
}

function parallelProblems(plan: WorkflowPlan, step: WorkflowStep): string[] {
  if (!step.parallel) return []
  const siblings = step.dependsOn.filter((id) => plan.steps.some((other) => other.stepId === id && other.parallel))
  return siblings.map(
    (id) => `it is parallel and depends on "${id}", which is parallel too: one of them has to wait for the other`,
  )
}

function sizeProblems({ params }: WorkflowStep): string[] {
  const bytes = Buffer.byteLength(JSON.stringify(params))
  return bytes <= planLimits.paramsBytesMax
    ? []
    : [`its params are ${bytes} bytes of JSON, more than ${planLimits.paramsBytesMax}`]
}

function approvalProblems({ approval }: WorkflowStep): string[] {
  const { assignees = [], quorum = 1 } = approval ?? {}
  return canReachQuorum(assignees, quorum)
    ? []
    : [`its approval asks for ${quorum} decisions and names ${new Set(assignees).size} who may decide`]
}
