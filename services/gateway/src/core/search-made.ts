import { queryOf, type StepStatus, type TurnView, type WorkflowPlan } from '@weft/contracts'

/** The search of a turn, as the answer to a tool `file_search`. */
export interface SearchMade {
  /** What was searched for, as the plan says it; a step that leaves it out searches for the question. */
  queries: string[]
  /** Whether no step that searches has handed on anything. */
  hasFailed: boolean
}

/** The search that a plan makes; undefined for a plan without one. */
export function searchOfPlan(
  { steps }: WorkflowPlan,
  statusOf: (stepId: string) => StepStatus | undefined,
): SearchMade | undefined {
  const searches = steps.filter(({ capability }) => capability === 'retrieve')
  if (searches.length === 0) return undefined
  const queries = searches.flatMap((step) => queryOf(step) ?? [])
  const hasFailed = searches.every(({ stepId }) => lost.has(statusOf(stepId)))
  return { queries: [...new Set(queries)], hasFailed }
}

const lost: ReadonlySet<StepStatus | undefined> = new Set(['failed', 'skipped', 'cancelled'])

/** The search of a turn that ended and whose request named stores by a tool; undefined for any other. */
export function searchOfTurn({ status, plan, steps, showsSearch }: TurnView): SearchMade | undefined {
  if (status !== 'completed' || plan === undefined || showsSearch !== true) return undefined
  return searchOfPlan(plan, (stepId) => steps.find((step) => step.stepId === stepId)?.status)
}
