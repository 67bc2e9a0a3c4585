import { createHash, randomUUID } from 'node:crypto'
import { WeftError } from '@weft/contracts'
import { type ActorStore, componentNames, componentType, mayCrashAround, type Sidecar, type StateWrite } from '@weft/mesh'
import { z } from 'zod'
import {
  fromHead,
  headKey,
  isShortLived,
  nameOf,
  partsOf,
  type ReadPart,
  readOutcome,
  type TagOf,
  toHead,
} from './core/persist-session.ts'
import { SessionHead } from './core/session-head.ts'
import type { SessionState, StepOutcome, TurnState } from './core/session-state.ts'
import type { BlobStore, SessionOf } from './postgres-blobs.ts'

/** Parts up to this size, and those that the next of their kind replaces, lie in the actor's state; larger ones in the blob table, by content hash. */
const inlinePartBytesMax = 16_384

const BlobReference = z.object({ $blob: z.string() })

/** A session in memory, and what of it is in the store. */
export interface StoredSession {
  state: SessionState
  /** Of the parts that are in the store, by what they are. */
  tags: ReadonlyMap<string, string>
  /** Names of the parts that its head was the first to do without. */
  dropped: string[]
}

export interface SessionStore {
  load(actorId: string): Promise<StoredSession | undefined>
  /** Outputs of steps that succeeded, also of turns that have ended. */
  readOutcomes(
    actorId: string,
    stored: StoredSession,
    wanted: { turn: TurnState; stepIds: string[] },
  ): Promise<Map<string, StepOutcome>>
  /** Writes the head and the parts that are new, and deletes those that the head before did without; one transaction. */
  commit(actorId: string, stored: StoredSession, next: SessionState): Promise<StoredSession>
  /** The reminder beats from soon on. */
  arm(actorId: string): Promise<void>
  /** The reminder beats from then on, in epoch milliseconds. */
  armAt(actorId: string, atMs: number): Promise<void>
  disarm(actorId: string): Promise<void>
}

const reminder = { name: 'heartbeat', dueMs: 3_000, periodMs: 15_000 } as const

export function createSessionStore(deps: { actors: ActorStore; sidecar: Sidecar; blobs: BlobStore }): SessionStore {
  const { actors, blobs } = deps
  const { load, readOutcomes } = createReader(actors, blobs)
  let storeType: string | undefined

  async function write(actorId: string, stored: StoredSession, next: SessionState): Promise<StoredSession> {
    const state = { ...next, revision: stored.state.revision + 1 }
    const newTag = randomUUID().replaceAll('-', '').slice(0, 12)
    const tagOf: TagOf = (part) => stored.tags.get(part) ?? newTag
    const { fresh, gone } = changedParts(stored, state, tagOf)
    const dropped = gone.map((part) => nameOf(part, tagOf(part)))
    const writes: StateWrite[] = await Promise.all(
      fresh.map(async ([part, value]) => ({
        kind: 'upsert' as const,
        key: nameOf(part, newTag),
        value: isShortLived(part) ? value : await encodePart(state, value),
      })),
    )
    for (const key of stored.dropped) writes.push({ kind: 'delete', key })
    const guard = await headGuard(stored.state.revision)
    writes.push({ kind: 'upsert', key: headKey, value: toHead(state, tagOf, dropped), ...guard })
    await mayCrashAround('commit', () => actors.commit(actorId, writes))
    const tags = new Map(stored.tags)
    for (const part of gone) tags.delete(part)
    for (const [part] of fresh) tags.set(part, newTag)
    return { state, tags, dropped }
  }

  /** A session that keeps its counters only may never be committed again: what it dropped goes at once. */
  async function clearOut(actorId: string, stored: StoredSession): Promise<StoredSession> {
    return stored.tags.size === 0 && stored.dropped.length > 0 ? write(actorId, stored, stored.state) : stored
  }

  /** Redis counts a key's writes as its ETag, and every write of the head is one revision; -1 is no count, so the first only makes the key. */
  async function headGuard(revision: number): Promise<{ etag?: string }> {
    storeType ??= await componentType(deps.sidecar, componentNames.stateStore)
    return storeType === 'state.redis' ? { etag: String(revision === 0 ? -1 : revision) } : {}
  }

  async function encodePart({ tenant, sessionId }: SessionOf, value: unknown): Promise<unknown> {
    const json = JSON.stringify(value)
    if (json.length <= inlinePartBytesMax) return value
    const hash = createHash('sha256').update(json).digest('hex')
    return (await blobs.put({ tenant, sessionId }, { hash, json })) ? { $blob: hash } : value
  }

  return {
    async load(actorId) {
      const stored = await load(actorId)
      return stored === undefined ? undefined : clearOut(actorId, stored)
    },
    commit: async (actorId, stored, next) => clearOut(actorId, await write(actorId, stored, next)),
    readOutcomes,
    arm: (actorId) => mayCrashAround('reminder', () => actors.armReminder(actorId, reminder.name, reminder)),
    armAt(actorId, atMs) {
      const dueMs = Math.max(reminder.dueMs, atMs - Date.now())
      const { name, periodMs } = reminder
      return mayCrashAround('reminder', () => actors.armReminder(actorId, name, { dueMs, periodMs }))
    },
    disarm: (actorId) => actors.disarmReminder(actorId, reminder.name),
  }
}

/** What a commit adds and what it does without. A turn that it leaves alone is not looked at: an old session costs no more than a young one. */
function changedParts(stored: StoredSession, next: SessionState, tagOf: TagOf): { fresh: [string, unknown][]; gone: string[] } {
  const isStored = (part: string) => stored.tags.has(part)
  const turnsBefore = stored.state.turns.filter((turn) => !next.turns.includes(turn))
  const turns = next.turns.filter((turn) => !stored.state.turns.includes(turn))
  const before = partsOf({ turns: turnsBefore, outbox: stored.state.outbox }, tagOf, isStored)
  const parts = partsOf({ turns, outbox: next.outbox }, tagOf, isStored)
  return {
    fresh: [...parts].filter(([part]) => !isStored(part)),
    gone: [...before.keys()].filter((part) => isStored(part) && !parts.has(part)),
  }
}

function createReader(actors: ActorStore, blobs: BlobStore): Pick<SessionStore, 'load' | 'readOutcomes'> {
  async function load(actorId: string): Promise<StoredSession | undefined> {
    const head = await actors.read(actorId, headKey, SessionHead)
    if (head === undefined) return undefined
    const { state, tags } = await fromHead(head, async (name, schema) => schema.parse(await readPart(actorId, name, head)))
    return { state, tags, dropped: head.dropped }
  }

  async function readOutcomes(
    actorId: string,
    { state, tags }: StoredSession,
    { turn: { turn, steps }, stepIds }: { turn: TurnState; stepIds: string[] },
  ) {
    const read: ReadPart = async (name, schema) => schema.parse(await readPart(actorId, name, state))
    const tagOf: TagOf = (part) => tags.get(part) ?? ''
    const found = await Promise.all(
      stepIds.map(async (stepId): Promise<[string, StepOutcome][]> => {
        const step = steps[stepId]
        return step === undefined ? [] : [[stepId, step.outcome ?? (await readOutcome(read, tagOf, { turn, stepId, step }))]]
      }),
    )
    return new Map(found.flat())
  }

  async function readPart(actorId: string, key: string, session: SessionOf): Promise<unknown> {
    const value = await actors.read(actorId, key, z.unknown())
    if (value === undefined) throw new WeftError('internal_error', `the session's part ${key} is missing from the state store`)
    const reference = BlobReference.safeParse(value)
    return reference.success ? blobs.get(session, reference.data.$blob) : value
  }

  return { load, readOutcomes }
}
