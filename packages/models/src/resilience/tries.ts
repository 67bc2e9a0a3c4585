import type { Follows } from '../attempt/attempt-call.ts'

/** One attempt at one model. */
export interface Try {
  model: string
  follows: Follows
  /** Made beside another one, which may answer yet. */
  isBeside: boolean
}

export interface Attempts<T> {
  /** Settles with the beginning of an answer; throws ModelError as long as nothing of it was used. */
  begin(each: Try, signal: AbortSignal | undefined): Promise<T>
  /** Ends an answer that came after another one. */
  drop(answer: T): void
}

export type Raced<T> =
  | { kind: 'answered'; answer: T }
  /** In the order in which they were made. */
  | { kind: 'failed'; failures: { model: string; error: unknown }[] }
