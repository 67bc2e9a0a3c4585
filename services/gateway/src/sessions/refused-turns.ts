import type { SessionRef } from './dapr-sessions.ts'

export interface RefusedTurn extends SessionRef {
  idempotencyKey: string
}

/** Turns whose clients were refused, and that their sessions may have taken all the same. */
export interface RefusedTurns {
  note(turn: RefusedTurn): Promise<void>
  /** To be called once it does not run. */
  forget(turn: RefusedTurn): Promise<void>
  /** Those that the gateway that refused them looks after no longer, the oldest ones; none that was refused more than a day ago. */
  left(): Promise<RefusedTurn[]>
}
