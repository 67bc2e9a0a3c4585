import type { z } from 'zod'

/**
 * One write of a commit. With `writesBefore` it fails unless the key was written exactly so often before (0: unless there is no such key), which guards
 * against a second writer. Only Redis counts writes; on other stores the guard is left out.
 */
export type StateWrite = { kind: 'upsert'; key: string; value: unknown; writesBefore?: number } | { kind: 'delete'; key: string }

/**
 * A value that is written together with a commit and belongs to no actor. A later note under the same key replaces it, in the order of the commits; `value`
 * is read no earlier than the commit is handed over. The store drops it by itself `ttlSeconds` after it was last written.
 */
export interface SharedNote {
  key: string
  value: unknown
  ttlSeconds: number
}

/** State that versions before December 2026 stored under other keys. It can be reached only while the actor is hosted beside this sidecar. */
export interface EarlierState {
  /** The value that such a version stored under a key, or undefined; `schema` parses it. */
  readEarlier<T extends z.ZodType>(actorId: string, key: string, schema: T): Promise<z.infer<T> | undefined>
  /** Deletes what such versions stored under these keys; a key without a value is no error. */
  dropEarlier(actorId: string, keys: string[]): Promise<void>
}

/** State of the actors of one type. Every method throws `dependency_unavailable` when the sidecar or the store does not answer. */
export interface ActorState extends EarlierState {
  /** The value under a key, or undefined; `schema` parses what was stored. */
  read<T extends z.ZodType>(actorId: string, key: string, schema: T): Promise<z.infer<T> | undefined>
  /** Writes all in one transaction of the state store. The note is written with them, or before them where the store has no such transaction. */
  commit(actorId: string, writes: StateWrite[], note?: SharedNote | undefined): Promise<void>
  /** The value of a note, or undefined. */
  readNote<T extends z.ZodType>(key: string, schema: T): Promise<z.infer<T> | undefined>
  dropNote(key: string): Promise<void>
}
