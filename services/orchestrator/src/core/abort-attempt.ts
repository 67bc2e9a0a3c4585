import { sendErrand } from './errands.ts'
import type { SessionDraft } from './session-draft.ts'
import type { StepState } from './session-state.ts'

/** Ends the work of an attempt whose outcome no longer matters: at its agent, or in its child session. */
export function abortAttempt(
  draft: SessionDraft,
  { turn, stepId, state }: { turn: number; stepId: string; state: StepState },
): void {
  const { epoch, attempt, child } = state
  if (child === undefined) draft.command({ type: 'abort', turn, stepId, epoch, attempt })
  else sendErrand(draft, { to: 'child', sessionId: child.sessionId, method: 'cancel' })
}
