import type { Follows } from '../attempt/attempt-call.ts'

/** One attempt at one model. */
export interface Try {
  model: string
  follows: Follows
  /** Whether it is made beside another one, which may still answer. */
  isBeside: boolean
}

export interface Attempts<T> {
  /** Makes an attempt, and settles once its answer begins. Throws ModelError. */
  begin(each: Try, signal: AbortSignal | undefined): Promise<T>
  /** Ends an answer that began after another one and is not used. */
  drop(answer: T): void
}

export type Raced<T> =
  | { kind: 'answered'; answer: T }
  /** The failures, in the order in which the attempts were made. */
  | { kind: 'failed'; failures: { model: string; error: unknown }[] }
