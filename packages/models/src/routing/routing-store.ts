import { z } from 'zod'
import { taskClasses } from './core/classify-task.ts'

/** A model that was chosen for an answer, with what was known then. */
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

/** How good the answer of a chosen model was; `reward` is 1 for the best possible answer, 0 for a useless one. */
export const RouteOutcome = z.object({
  choice: RouteChoice,
  kind: z.enum(outcomeKinds),
  reward: z.number().min(0).max(1),
  outputTokens: z.int().nonnegative().optional(),
})
export type RouteOutcome = z.infer<typeof RouteOutcome>

export interface StoredOutcome extends RouteOutcome {
  /** Grows with each outcome, but they may become visible in another order. */
  seq: number
  /** The process that stored it. */
  writer: string
}

/** Keeps what all processes of a mesh learn from. Throws what its database throws. */
export interface RoutingStore {
  save(batch: { choices: readonly RouteChoice[]; outcomes: readonly RouteOutcome[]; writer: string }): Promise<void>
  /** The newest outcomes of each tenant after `afterSeq`, oldest first. */
  outcomes(options: { perTenantMax: number; afterSeq: number }): Promise<StoredOutcome[]>
  /** Deletes what is older than this. */
  forget(beforeMs: number): Promise<void>
}
