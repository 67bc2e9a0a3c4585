import type { StepRef } from './session-state.ts'

/** Names one attempt of a step among all that a host knows: of whichever session, and after whichever repetition of the step. */
export function attemptKey(actorId: string, { turn, stepId, epoch, attempt }: StepRef): string {
  return `${actorId}/${turn}/${stepId}/${epoch}/${attempt}`
}
