import { z } from 'zod'

/** A step's life: `pending → ready → dispatched → …`; the last four states are terminal. */
export const StepStatus = z.enum([
  'pending',
  'ready',
  'awaiting_approval',
  'dispatched',
  'succeeded',
  'failed',
  'skipped',
  'cancelled',
])
export type StepStatus = z.infer<typeof StepStatus>

/** A turn's life as clients see it; the last three states are terminal. */
export const TurnStatus = z.enum(['running', 'awaiting_approval', 'completed', 'failed', 'cancelled'])
export type TurnStatus = z.infer<typeof TurnStatus>

/** Whether nothing more becomes of the step. */
export function isTerminalStep(status: StepStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'skipped' || status === 'cancelled'
}

/** Whether nothing more becomes of the turn. */
export function isTerminalTurn(status: TurnStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}
