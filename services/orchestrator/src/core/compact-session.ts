import type { SessionDraft } from './session-draft.ts'

/** For a day after its end a turn can be asked for again under its idempotency key, and be forked from. */
export const compactAfterMs = 86_400_000

/** A session that ended long ago keeps its counters only; its turns are in the log, its conversation in the messages. */
export function compactSession(draft: SessionDraft): void {
  const { turns, outbox } = draft.session
  const isOld = turns.every(({ endedAtMs }) => endedAtMs !== undefined && endedAtMs + compactAfterMs <= draft.nowMs)
  if (turns.length === 0 || outbox.length > 0 || !isOld) return
  const session = draft.editSession()
  session.turns = []
  session.pastRequests = []
}
