import type { SessionEvent, StepStatus, TurnView, WorkflowPlan } from '@weft/contracts'
import type { TurnOutput } from './turn-output.ts'
import { planOf } from './describe-progress.ts'
import { searchOfPlan } from './search-made.ts'

/** Tells the search of a turn once, before its answer begins. */
export interface SearchTeller {
  heed(event: SessionEvent): void
  see(turn: TurnView): void
  /** Whether the plan is known, and with it what is searched for. */
  isKnown(): boolean
  /** The outputs, with the search before the first of them that belongs to the answer. */
  tell(outputs: TurnOutput[]): TurnOutput[]
}

const ends: Partial<Record<SessionEvent['type'], StepStatus>> = { 'step.failed': 'failed', 'step.skipped': 'skipped' }

export function createSearchTeller(): SearchTeller {
  let plan: WorkflowPlan | undefined
  let isTold = false
  const statuses = new Map<string, StepStatus>()
  return {
    heed(event) {
      plan = planOf(event) ?? plan
      const status = ends[event.type]
      if (status !== undefined && event.stepId !== undefined) statuses.set(event.stepId, status)
    },
    see(turn) {
      plan = turn.plan ?? plan
      for (const { stepId, status } of turn.steps) statuses.set(stepId, status)
    },
    isKnown: () => plan !== undefined,
    tell(outputs) {
      const at = isTold ? -1 : outputs.findIndex(isAnswer)
      if (at === -1) return outputs
      isTold = true
      const lacking = lackingIn(outputs[at])
      const statusOf = (stepId: string) => (lacking.includes(`step_skipped:${stepId}`) ? 'skipped' : statuses.get(stepId))
      const search = plan === undefined ? undefined : searchOfPlan(plan, statusOf)
      return search === undefined ? outputs : outputs.toSpliced(at, 0, { type: 'search', search })
    },
  }
}

/** Not every reader is told how steps end, but each what its answer lacks. */
function lackingIn(output: TurnOutput | undefined): string[] {
  return output?.type === 'end' ? output.end.answer.degraded : []
}

function isAnswer(output: TurnOutput): boolean {
  return output.type === 'text' || (output.type === 'end' && output.end.status === 'completed')
}
