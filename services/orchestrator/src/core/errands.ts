import { isDeepStrictEqual } from 'node:util'
import type { SessionDraft } from './session-draft.ts'
import type { Errand } from './session-state.ts'

/** Calls another session, and goes on calling until the call is known to have arrived. A later call to the same one replaces it. */
export function sendErrand(draft: SessionDraft, errand: WithoutSeq<Errand>): void {
  const numbered = { ...errand, seq: draft.session.lastSeq }
  const session = draft.editSession()
  session.errands = [...session.errands.filter((other) => targetOf(other) !== targetOf(numbered)), numbered]
  draft.command({ type: 'call', errand: numbered })
}

type WithoutSeq<T> = T extends unknown ? Omit<T, 'seq'> : never

export function repeatErrands(draft: SessionDraft): void {
  for (const errand of draft.session.errands) draft.command({ type: 'call', errand })
}

/** An errand that was replaced meanwhile is another one, by its seq. */
export function noteArrived(draft: SessionDraft, arrived: Errand): void {
  const left = draft.session.errands.filter((errand) => !isDeepStrictEqual(errand, arrived))
  if (left.length < draft.session.errands.length) draft.editSession().errands = left
}

function targetOf(errand: WithoutSeq<Errand>): string {
  return errand.to === 'child' ? `child ${errand.sessionId}` : `parent ${errand.turn}`
}
