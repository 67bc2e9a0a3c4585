import { endTurn } from './end-turn.ts'
import { noteArrived, sendErrand } from './errands.ts'
import type { SessionDraft } from './session-draft.ts'
import type { SessionInput } from './session-input.ts'
import type { Errand, SessionState } from './session-state.ts'
import { tellParents } from './tell-parent.ts'

/**
 * Ends and forgets all turns, and has child sessions deleted. In the store it stays on record that the session was deleted. What the database has of it is
 * erased once the children have been told, and ticks ask for that until it is done. Deleting a deleted session changes nothing.
 */
export function deleteSession(draft: SessionDraft, { ifLastSeq }: Extract<SessionInput, { type: 'delete' }>): void {
  if (draft.session.deletion !== 'none') return
  if (ifLastSeq !== undefined && !isAsOf(draft.session, ifLastSeq)) {
    draft.reply = { kind: 'kept' }
    return
  }
  for (const { turn, phase, replyTopics } of draft.session.turns) {
    if (phase === 'ended') continue
    endTurn(draft, turn, { status: 'cancelled' })
    draft.command({ type: 'gone', turn, replyTopics })
  }
  tellParents(draft)
  const children = draft.session.turns.flatMap(({ steps }) => Object.values(steps).flatMap(({ child }) => child ?? []))
  for (const { sessionId } of children) sendErrand(draft, { to: 'child', sessionId, method: 'delete' })
  const session = draft.editSession()
  session.deletion = 'erasing'
  session.turns = []
  session.pastRequests = []
  session.isPaused = false
  eraseWhenAlone(draft)
}

function isAsOf({ lastSeq, turns }: SessionState, seq: number): boolean {
  return lastSeq === seq && turns.every(({ phase }) => phase === 'ended')
}

/** A child session that was being opened when its parent was deleted is deleted too. */
export function deleteStray(draft: SessionDraft, sessionId: string): void {
  sendErrand(draft, { to: 'child', sessionId, method: 'delete' })
}

export function noteArrivedWhenDeleted(draft: SessionDraft, errand: Errand): void {
  noteArrived(draft, errand)
  eraseWhenAlone(draft)
}

export function eraseWhenAlone(draft: SessionDraft): void {
  const { deletion, errands } = draft.session
  if (deletion === 'erasing' && !errands.some(({ to }) => to === 'child')) draft.command({ type: 'erase' })
}

/** A client that deletes an erased session has found it again: the database may have been put back from a backup made before it was deleted. */
export function eraseAgain(draft: SessionDraft): void {
  if (draft.session.deletion !== 'erased') return
  draft.editSession().deletion = 'erasing'
  eraseWhenAlone(draft)
}

/** The database has forgotten it too. */
export function noteErased(draft: SessionDraft): void {
  if (draft.session.deletion === 'erasing') draft.editSession().deletion = 'erased'
}
