import { endTurn } from './end-turn.ts'
import type { SessionDraft } from './session-draft.ts'

/**
 * Ends everything and forgets it. What is left in the store is that the session was deleted; what lies in the database goes next, and is asked
 * for until it is gone. Deleting twice is once.
 */
export function deleteSession(draft: SessionDraft): void {
  if (draft.session.deletion !== 'none') return
  for (const { turn, phase, replyTopics } of draft.session.turns) {
    if (phase === 'ended') continue
    endTurn(draft, turn, { status: 'cancelled' })
    draft.command({ type: 'gone', turn, replyTopics })
  }
  const children = draft.session.turns.flatMap(({ steps }) => Object.values(steps).flatMap(({ child }) => child ?? []))
  for (const { sessionId } of children) draft.command({ type: 'callChild', sessionId, method: 'delete' })
  const session = draft.editSession()
  session.deletion = 'erasing'
  session.turns = []
  session.isPaused = false
  draft.command({ type: 'erase' })
}

/** The database has forgotten it too. */
export function noteErased(draft: SessionDraft): void {
  if (draft.session.deletion === 'erasing') draft.editSession().deletion = 'erased'
}
