import { endTurn } from './end-turn.ts'
import { noteArrived, sendErrand } from './errands.ts'
import type { SessionDraft } from './session-draft.ts'
import type { Errand, SessionInput, SessionState } from './session-state.ts'
import { tellParents } from './tell-parent.ts'

/**
 * Ends everything and forgets it, child sessions with it. What is left in the store is that the session was deleted; what lies in the database goes
 * once its children are gone, and is asked for until it is gone. Deleting twice is once.
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

/** What was opened for a session that is gone goes too. */
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

/** Whoever deletes it again has found it: a database from before it was deleted, put back from a backup, has it once more. */
export function eraseAgain(draft: SessionDraft): void {
  if (draft.session.deletion !== 'erased') return
  draft.editSession().deletion = 'erasing'
  eraseWhenAlone(draft)
}

/** The database has forgotten it too. */
export function noteErased(draft: SessionDraft): void {
  if (draft.session.deletion === 'erasing') draft.editSession().deletion = 'erased'
}
