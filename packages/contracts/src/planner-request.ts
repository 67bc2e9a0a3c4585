import { z } from 'zod'
import { ChatMessage } from './chat.ts'

/** What the planner is asked: the conversation, the mode or model that was named, and the knowledge at hand. */
export const PlannerRequest = z.object({
  tenant: z.string(),
  model: z.string().default('weft/auto'),
  mode: z.string().max(64).optional(),
  messages: z.array(ChatMessage).min(1),
  vectorStoreIds: z.array(z.string()).default([]),
})
export type PlannerRequest = z.infer<typeof PlannerRequest>
