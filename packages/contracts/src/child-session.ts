import { z } from 'zod'
import { ChatMessage } from './chat.ts'
import { WorkflowPlan } from './plan.ts'

/** Bounds of child sessions: how deep below the session a client began, and how many one turn may open. */
export const childLimits = { depthMax: 3, perTurnMax: 50 } as const

/** The agent and the capability of a step that a session of its own does; built in, no program answers to it. */
export const childAgent = { agent: 'session', capability: 'run' } as const

/** Params of such a step: what the child is asked, and how it shall work; what is left out is as in the parent's turn. */
export const ChildParams = z.object({
  input: z.union([z.string().min(1).max(100_000), z.array(ChatMessage).min(1).max(200)]),
  model: z.string().max(256).optional(),
  mode: z.string().max(64).optional(),
  plan: WorkflowPlan.optional(),
  vectorStoreIds: z.array(z.string().max(64)).max(100).optional(),
})
export type ChildParams = z.infer<typeof ChildParams>
