import type { SessionState, TurnState } from './session-state.ts'

type Turns = Pick<SessionState, 'turns'>

/** The turn of this number, as long as there is a session that keeps it. */
export function findTurn(session: Turns | undefined, turn: number): TurnState | undefined {
  return session?.turns.find((candidate) => candidate.turn === turn)
}

/** The turn that is being worked on: the oldest that has not ended. */
export function activeTurn({ turns }: Turns): TurnState | undefined {
  return turns.find(({ phase }) => phase !== 'ended')
}
