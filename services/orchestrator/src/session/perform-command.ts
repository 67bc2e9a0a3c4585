import type { SessionEvent, SubmitTurn } from '@weft/contracts'
import type { SessionCommand } from '../core/session-advance.ts'
import type { Errand, SessionState } from '../core/session-state.ts'

/** What the host does after a commit. Every effect may be lost: a tick asks for it again. */
export interface SessionEffects {
  /** A turn is about to be accepted, and is not committed yet: only what changes nothing outside may begin. */
  prepare(actorId: string, request: SubmitTurn): void
  plan(actorId: string, state: SessionState, command: Extract<SessionCommand, { type: 'plan' }>): void
  dispatch(actorId: string, state: SessionState, command: Extract<SessionCommand, { type: 'dispatch' }>): void
  abort(actorId: string, command: Extract<SessionCommand, { type: 'abort' }>): void
  hold(actorId: string, command: Extract<SessionCommand, { type: 'hold' }>): void
  end(state: SessionState, turn: number): void
  /** A turn can only go on once somebody has decided. */
  pause(state: SessionState, turn: number): void
  /** The session was deleted: whoever follows one of its turns is told that it has ended. */
  gone(state: SessionState, command: Extract<SessionCommand, { type: 'gone' }>): void
  visit(actorId: string, state: SessionState, command: Extract<SessionCommand, { type: 'visit' }>): void
  call(actorId: string, state: SessionState, errand: Errand): void
  /** Deletes a deleted session from the database; the input `erased` is applied once that is done. */
  erase(actorId: string, state: SessionState): void
  /** New events for the log and for whoever follows the turn. */
  record(actorId: string, state: SessionState, events: SessionEvent[]): void
}

/** The effect that a command of a committed turn asks for. */
export function performCommand(
  effects: SessionEffects,
  { actorId, state, command }: { actorId: string; state: SessionState; command: SessionCommand },
): void {
  switch (command.type) {
    case 'plan':
      return effects.plan(actorId, state, command)
    case 'dispatch':
      return effects.dispatch(actorId, state, command)
    case 'abort':
      return effects.abort(actorId, command)
    case 'hold':
      return effects.hold(actorId, command)
    case 'end':
      return effects.end(state, command.turn)
    case 'pause':
      return effects.pause(state, command.turn)
    case 'gone':
      return effects.gone(state, command)
    case 'visit':
      return effects.visit(actorId, state, command)
    case 'call':
      return effects.call(actorId, state, command.errand)
    case 'erase':
      return effects.erase(actorId, state)
  }
}
