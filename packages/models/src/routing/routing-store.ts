import { z } from 'zod'
import { taskClasses } from './core/classify-task.ts'

/** What is known when a model has been chosen for an answer. */
export const RouteChoice = z.object({
  id: z.string(),
  tenant: z.string(),
  sessionId: z.string().optional(),
  turn: z.int().optional(),
  model: z.string(),
  taskClass: z.enum(taskClasses),
  features: z.array(z.number()),
  minQuality: z.number(),
  expected: z.number(),
  bestExpected: z.number(),
})
export type RouteChoice = z.infer<typeof RouteChoice>

export const outcomeKinds = ['citations', 'schema', 'tools', 'feedback'] as const

/** What became of a chosen model's answer; `reward` is 1 for as good as can be, 0 for useless. */
export const RouteOutcome = z.object({
  choice: RouteChoice,
  kind: z.enum(outcomeKinds),
  reward: z.number().min(0).max(1),
  outputTokens: z.int().nonnegative().optional(),
})
export type RouteOutcome = z.infer<typeof RouteOutcome>

export interface StoredOutcome extends RouteOutcome {
  /** Grows from one to the next, but not always in the order in which they can be seen. */
  seq: number
  /** The process that stored it. */
  writer: string
}

/** What all processes of a mesh learn from. Throws what its database throws. */
export interface RoutingStore {
  save(batch: { choices: readonly RouteChoice[]; outcomes: readonly RouteOutcome[]; writer: string }): Promise<void>
  /** The newest of each tenant, oldest first; with `afterSeq` those after it. */
  outcomes(options: { perTenantMax: number; afterSeq: number }): Promise<StoredOutcome[]>
  /** Deletes what is older than this. */
  forget(beforeMs: number): Promise<void>
}
