import { endTurn } from './end-turn.ts'
import type { SessionDraft } from './session-draft.ts'

/** Cancels one turn, or every unfinished one. Ended turns stay as they are, so cancelling twice is harmless. */
export function cancelTurns(draft: SessionDraft, turn: number | undefined): void {
  const open = draft.session.turns.filter(({ phase }) => phase !== 'ended').map((candidate) => candidate.turn)
  const chosen = turn === undefined ? open : open.filter((candidate) => candidate === turn)
  for (const candidate of chosen) endTurn(draft, candidate, { status: 'cancelled' })
}
