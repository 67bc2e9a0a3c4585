import type { SessionDraft } from './session-draft.ts'
import { tickSession } from './tick-session.ts'

/** Nothing new is planned or started until the session is resumed; what runs runs on, and its results are kept. Pausing twice is once. */
export function pauseSession(draft: SessionDraft): void {
  if (draft.session.isPaused) return
  draft.editSession().isPaused = true
  noteOnTurn(draft, 'the session was paused')
}

/** Everything that was held back begins. */
export function resumeSession(draft: SessionDraft): void {
  if (!draft.session.isPaused) return
  draft.editSession().isPaused = false
  noteOnTurn(draft, 'the session was resumed')
  tickSession(draft)
}

function noteOnTurn(draft: SessionDraft, message: string): void {
  const turn = draft.activeTurn()
  if (turn !== undefined) draft.log('step.progress', turn.turn, { message })
}
