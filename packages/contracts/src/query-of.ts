import { knowledgeLimits } from './knowledge.ts'
import type { WorkflowStep } from './plan.ts'

/** What a step searches for, where it says so; undefined for one that does not search, and where no search takes what it says. */
export function queryOf({ capability, params: { query } }: Pick<WorkflowStep, 'capability' | 'params'>): string | undefined {
  const isQuery = capability === 'retrieve' && typeof query === 'string' && query.length <= knowledgeLimits.queryCharsMax
  return isQuery ? query : undefined
}
