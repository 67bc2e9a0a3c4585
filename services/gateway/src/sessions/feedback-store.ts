import type { SessionRef } from './dapr-sessions.ts'

export interface Feedback {
  turn: number
  /** `up`, `down`, or 1 (worst) to 5. */
  rating: 'up' | 'down' | number
  comment?: string | undefined
}

export interface FeedbackStore {
  /** Keeps it with the question, the answer and its citations, in place of what this key said before. Answers when; undefined when the turn has no answer. */
  save(session: SessionRef, givenBy: string, feedback: Feedback): Promise<string | undefined>
}
