import { FoundPlace, type SessionEvent, type StepStatus, type TurnView, type WorkflowPlan } from '@weft/contracts'
import { z } from 'zod'
import { planOf } from './describe-progress.ts'
import { type SearchStep, searchesOf, searchOfPlan } from './search-made.ts'
import type { TurnOutput } from './turn-output.ts'

/** What is told of a turn's search: nothing, what was searched for, or what was found as well. */
export type SearchTelling = 'nothing' | 'queries' | 'results'

/** Tells the search of a turn once, before its answer begins. */
export interface SearchTeller {
  heed(event: SessionEvent): void
  see(turn: TurnView): void
  /** Whether the plan is known, and with it what is searched for; where results are told, those too. */
  isKnown(): boolean
  /** Whether the answer waits for what is not known. */
  isHolding(): boolean
  /** The outputs, with the search before the first of them that belongs to the answer. */
  tell(outputs: TurnOutput[]): TurnOutput[]
}

const ends: Partial<Record<SessionEvent['type'], StepStatus>> = {
  'step.succeeded': 'succeeded',
  'step.failed': 'failed',
  'step.skipped': 'skipped',
  'step.cancelled': 'cancelled',
}

const Found = z.array(FoundPlace)

export function createSearchTeller(telling: SearchTelling): SearchTeller {
  let plan: WorkflowPlan | undefined
  let isTold = false
  let held: TurnOutput[] = []
  const steps = new Map<string, SearchStep>()

  function isKnown(): boolean {
    if (plan === undefined) return false
    return telling !== 'results' || searchesOf(plan).every(({ stepId }) => steps.has(stepId))
  }

  return {
    heed(event) {
      plan = planOf(event) ?? plan
      const status = ends[event.type]
      if (status !== undefined && event.stepId !== undefined)
        steps.set(event.stepId, { status, found: Found.safeParse(event.found).data })
    },
    see(turn) {
      plan = turn.plan ?? plan
      for (const step of turn.steps) if (held.length > 0 || hasEnded(step)) steps.set(step.stepId, step)
    },
    isKnown,
    isHolding: () => held.length > 0,
    tell(outputs) {
      if (isTold || telling === 'nothing') return outputs
      const all = [...held, ...outputs]
      const at = all.findIndex(isAnswer)
      if (at !== -1 && !isKnown() && !all.some(isEnd)) {
        held = all.slice(at)
        return all.slice(0, at)
      }
      held = []
      if (at === -1) return all
      isTold = true
      const lacking = lackingIn(all[at])
      const stepOf = (stepId: string) =>
        lacking.includes(`step_skipped:${stepId}`) ? ({ status: 'skipped' } as const) : steps.get(stepId)
      const search = plan === undefined ? undefined : searchOfPlan(plan, stepOf)
      return search === undefined ? all : all.toSpliced(at, 0, { type: 'search', search })
    },
  }
}

function hasEnded({ status }: SearchStep): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'skipped' || status === 'cancelled'
}

/** Not every reader is told how steps end, but each what its answer lacks. */
function lackingIn(output: TurnOutput | undefined): string[] {
  return output?.type === 'end' ? output.end.answer.degraded : []
}

function isEnd({ type }: TurnOutput): boolean {
  return type === 'end' || type === 'diverged'
}

function isAnswer(output: TurnOutput): boolean {
  return output.type === 'text' || (output.type === 'end' && output.end.status === 'completed')
}
