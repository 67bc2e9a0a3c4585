import type { SessionDraft } from './session-draft.ts'
import type { StepState, TurnState } from './session-state.ts'

/**
 * Whether a decision is all that a running turn waits for. The last event that led there (or on from there) says so in `turnStatus`, and
 * whoever follows the turn is told once.
 */
export function noteWaiting(draft: SessionDraft): void {
  const turn = draft.activeTurn()
  if (turn?.phase !== 'running') return
  const status = isWaiting(turn) ? 'awaiting_approval' : 'running'
  if (status === turn.status) return
  draft.editTurn(turn.turn).status = status
  const last = draft.events.findLast((event) => event.turn === turn.turn)
  if (last === undefined) draft.log('step.progress', turn.turn, { message: `the turn is ${status}`, turnStatus: status })
  else last.turnStatus = status
  if (status === 'awaiting_approval') draft.command({ type: 'pause', turn: turn.turn })
}

function isWaiting({ steps }: TurnState): boolean {
  const states = Object.values(steps)
  return states.some(isUndecided) && !states.some(isAtWork)
}

function isUndecided({ status, child }: StepState): boolean {
  return status === 'awaiting_approval' || (status === 'dispatched' && child?.status === 'awaiting_approval')
}

function isAtWork(step: StepState): boolean {
  return step.status === 'ready' || (step.status === 'dispatched' && !isUndecided(step))
}
