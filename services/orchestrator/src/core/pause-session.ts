import { openChildren } from './child-session.ts'
import type { SessionDraft } from './session-draft.ts'
import { tickSession } from './tick-session.ts'

/** Nothing new is planned or started until the session is resumed; what runs runs on, and its results are kept. Pausing twice is once. */
export function pauseSession(draft: SessionDraft): void {
  if (draft.session.isPaused) return
  draft.editSession().isPaused = true
  noteOnTurn(draft, 'pause')
}

/** Everything that was held back begins. */
export function resumeSession(draft: SessionDraft): void {
  if (!draft.session.isPaused) return
  draft.editSession().isPaused = false
  noteOnTurn(draft, 'resume')
  tickSession(draft)
}

function noteOnTurn(draft: SessionDraft, method: 'pause' | 'resume'): void {
  const turn = draft.activeTurn()
  if (turn === undefined) return
  draft.log('step.progress', turn.turn, { message: `the session was ${method}d` })
  for (const sessionId of openChildren(turn)) draft.command({ type: 'callChild', sessionId, method })
}
