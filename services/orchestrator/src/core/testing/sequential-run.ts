import { createHash } from 'node:crypto'
import {
  canonicalJson,
  type DependencyResult,
  isTerminalStep,
  type StepStatus,
  type WorkflowPlan,
  type WorkflowStep,
} from '@weft/contracts'

/** What becomes of a step whenever it is tried: it fails some times, for good at some agents, and else succeeds, perhaps with further steps. */
export interface Fate {
  failures: number
  brokenAgents: string[]
  value: number
  adds: number
  /** Approvals its agent asks for in the middle of its work. */
  asks: number
}

export interface SequentialEnd {
  statuses: Record<string, StepStatus>
  outputs: Record<string, unknown>
}

/** What a plan comes to when one step after the other is done, by the definition of plans alone: what every other order has to come to too. */
export function runSequentially(plan: WorkflowPlan, fates: Record<string, Fate>): SequentialEnd {
  const statuses: Record<string, StepStatus> = {}
  const outputs: Record<string, unknown> = {}
  let steps = plan.steps
  const statusOf = (stepId: string) => statuses[stepId] ?? 'pending'
  for (let next = nextOf(steps, statusOf); next !== undefined; next = nextOf(steps, statusOf)) {
    const step = next
    const fate = fates[step.stepId]
    const isWorking =
      fate === undefined || ![step.agent, step.onFailure?.agent ?? step.agent].every((agent) => fate.brokenAgents.includes(agent))
    const isRun = isReached(step, statusOf) && conditionHolds(step, { statusOf, outputs })
    statuses[step.stepId] = isRun && isWorking ? 'succeeded' : 'skipped'
    if (!isRun || !isWorking) continue
    const dependencies = Object.fromEntries(
      step.dependsOn.map((stepId): [string, DependencyResult] => [
        stepId,
        { status: statusOf(stepId), output: outputs[stepId], citations: [] },
      ]),
    )
    outputs[step.stepId] = outputOf(step, { value: fate?.value ?? 0, dependencies })
    const added = (fate === undefined ? [] : addedSteps(step, fate)).map((each) =>
      each.dependsOn.length === 0 ? { ...each, dependsOn: [step.stepId] } : each,
    )
    const last = added.slice(-1).map(({ stepId }) => stepId)
    steps = [...steps, ...added].map((each) =>
      each.dependsOn.includes(step.stepId) && !added.includes(each) ? { ...each, dependsOn: [...each.dependsOn, ...last] } : each,
    )
  }
  return { statuses, outputs }
}

function nextOf(steps: WorkflowStep[], statusOf: (stepId: string) => StepStatus): WorkflowStep | undefined {
  return steps.find(
    ({ stepId, dependsOn }) => statusOf(stepId) === 'pending' && dependsOn.every((id) => isTerminalStep(statusOf(id))),
  )
}

function isReached({ join = 'all', dependsOn }: WorkflowStep, statusOf: (stepId: string) => StepStatus): boolean {
  if (join === 'all' || dependsOn.length === 0) return true
  const succeeded = dependsOn.filter((id) => statusOf(id) === 'succeeded').length
  return succeeded >= (join === 'any' ? 1 : join.atLeast)
}

function conditionHolds(
  { when }: WorkflowStep,
  { statusOf, outputs }: { statusOf: (stepId: string) => StepStatus; outputs: Record<string, unknown> },
): boolean {
  if (when === undefined) return true
  if (when.status !== undefined && statusOf(when.step) !== when.status) return false
  if (when.above === undefined) return true
  const output = outputs[when.step]
  return typeof output === 'object' && output !== null && 'value' in output && Number(output.value) > when.above
}

/** An agent's output tells all that it was given, except where that depends on who came first. */
export function outputOf(
  { stepId, join = 'all' }: WorkflowStep,
  { value, dependencies }: { value: number; dependencies: Record<string, DependencyResult> },
): { text: string; value: number } {
  const seen = join === 'all' ? dependencies : {}
  const hash = createHash('sha256').update(canonicalJson(seen)).digest('hex').slice(0, 12)
  return { text: `${stepId} ${hash}`, value }
}

/** A chain of steps that a step's result adds. */
export function addedSteps({ stepId }: WorkflowStep, { adds }: Fate): WorkflowStep[] {
  return Array.from({ length: adds }, (_, index) => ({
    stepId: `${stepId}-more-${index}`,
    agent: 'worker',
    capability: 'work',
    params: {},
    dependsOn: index === 0 ? [] : [`${stepId}-more-${index - 1}`],
    parallel: false,
  }))
}
