import type { z } from 'zod'

/**
 * `writesBefore`: how often the key was written until now. The write fails where that is not so, if the store can tell (Redis); 0 only makes
 * the key.
 */
export type StateWrite = { kind: 'upsert'; key: string; value: unknown; writesBefore?: number } | { kind: 'delete'; key: string }

/**
 * What is there together with a commit, and belongs to no actor; a later one under its key replaces it. `value` is taken as it is when the note's
 * turn comes, in the order of the commits. `ttlSeconds`: it is gone so long after it was last written, also if nobody drops it.
 */
export interface SharedNote {
  key: string
  value: unknown
  ttlSeconds: number
}

/** Where versions before December 2026 stored what lies elsewhere now; only while this host has the actor. */
export interface EarlierState {
  readEarlier<T extends z.ZodType>(actorId: string, key: string, schema: T): Promise<z.infer<T> | undefined>
  /** Keys under which nothing lies there are no mistake. */
  dropEarlier(actorId: string, keys: string[]): Promise<void>
}

/** State of the actors of one type, as their host sees it. */
export interface ActorState extends EarlierState {
  /** The value under a key, or undefined; `schema` parses what was stored. */
  read<T extends z.ZodType>(actorId: string, key: string, schema: T): Promise<z.infer<T> | undefined>
  /** All writes in one transaction of the state store; the note is there at the latest when they are. */
  commit(actorId: string, writes: StateWrite[], note?: SharedNote | undefined): Promise<void>
  readNote<T extends z.ZodType>(key: string, schema: T): Promise<z.infer<T> | undefined>
  dropNote(key: string): Promise<void>
}
