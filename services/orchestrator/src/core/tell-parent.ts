import type { SessionEvent } from '@weft/contracts'
import { sendErrand } from './errands.ts'
import type { SessionDraft } from './session-draft.ts'

/** A child's parent is told of whatever it shows of the child: where its turn stands, and what it asks. */
export function tellParents(draft: SessionDraft): void {
  for (const { turn, request } of draft.session.turns) {
    const { parent } = request
    if (parent !== undefined && draft.events.some((event) => event.turn === turn && isTold(event))) {
      sendErrand(draft, { to: 'parent', turn, parent })
    }
  }
}

function isTold({ type, turnStatus, approval }: SessionEvent): boolean {
  return turnStatus !== undefined || approval !== undefined || ['turn.completed', 'turn.failed', 'turn.cancelled'].includes(type)
}
