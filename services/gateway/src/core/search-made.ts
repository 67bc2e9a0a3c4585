import { type FoundPlace, queryOf, type StepView, type TurnView, type WorkflowPlan } from '@weft/contracts'

/** The search of a turn, as the answer to a tool `file_search`. */
export interface SearchMade {
  /** What was searched for, as the plan says it; a step that leaves it out searches for the question. */
  queries: string[]
  /** Whether no step that searches has handed on anything. */
  hasFailed: boolean
  /** What the steps have found, each place once, the best first. */
  found: FoundPlace[]
}

/** How a step that searches stands. */
export type SearchStep = Pick<StepView, 'status' | 'found'>

/** The search that a plan makes; undefined for a plan without one. */
export function searchOfPlan(plan: WorkflowPlan, stepOf: (stepId: string) => SearchStep | undefined): SearchMade | undefined {
  const searches = searchesOf(plan)
  if (searches.length === 0) return undefined
  const queries = searches.flatMap((step) => queryOf(step) ?? [])
  const steps = searches.map(({ stepId }) => stepOf(stepId))
  const hasFailed = steps.every((step) => step !== undefined && lost.has(step.status))
  return { queries: [...new Set(queries)], hasFailed, found: bestOf(steps.flatMap((step) => step?.found ?? [])) }
}

export function searchesOf({ steps }: WorkflowPlan) {
  return steps.filter(({ capability }) => capability === 'retrieve')
}

const lost: ReadonlySet<StepView['status']> = new Set(['failed', 'skipped', 'cancelled'])

/** As many as OpenAI's file search shows at most: its API reference, responses, `max_num_results`. */
const foundMax = 50

/** Several steps may have found the same. */
function bestOf(places: FoundPlace[]): FoundPlace[] {
  const best = new Map<string, FoundPlace>()
  for (const place of places) {
    const key = `${place.fileId} ${place.start} ${place.end}`
    if (place.score > (best.get(key)?.score ?? Number.NEGATIVE_INFINITY)) best.set(key, place)
  }
  return [...best.values()].toSorted((a, b) => b.score - a.score).slice(0, foundMax)
}

/** The search of a turn that ended and whose request named stores by a tool; undefined for any other. */
export function searchOfTurn({ status, plan, steps, showsSearch }: TurnView): SearchMade | undefined {
  if (status !== 'completed' || plan === undefined || showsSearch !== true) return undefined
  return searchOfPlan(plan, (id) => steps.find(({ stepId }) => stepId === id))
}
