import type { SessionRef } from './dapr-sessions.ts'

export interface Feedback {
  turn: number
  /** `up`, `down`, or 1 (worst) to 5. */
  rating: 'up' | 'down' | number
  comment?: string | undefined
}

export interface FeedbackStore {
  /**
   * Stores feedback together with the question and the answer, in place of what the same key said before. Resolves to the time; undefined when the turn has no
   * answer.
   */
  save(session: SessionRef, givenBy: string, feedback: Feedback): Promise<string | undefined>
}
