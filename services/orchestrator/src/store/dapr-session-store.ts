import { createHash, randomUUID } from 'node:crypto'
import { WeftError } from '@weft/contracts'
import { type ActorState, mayCrashAround, type Reminders, type SharedNote, type StateWrite } from '@weft/mesh'
import { z } from 'zod'
import { isShortLived, nameOf, type TagOf } from '../core/part-names.ts'
import { fromHead, headKey, partsOf, type ReadPart, readOutcome, type StoredParts, toHead } from '../core/persist-session.ts'
import { SessionHead } from '../core/session-head.ts'
import type { SessionPlace } from '../core/session-place.ts'
import type { SessionState, StepOutcome, TurnState } from '../core/session-state.ts'
import type { MayHaveEarlierKeys } from './earlier-layout.ts'
import type { BlobStore } from './postgres-blobs.ts'

/**
 * Parts up to this size are written into the actor's state, larger ones into the blob table, by content hash. Parts that are soon replaced stay in the
 * actor's state whatever their size, because the blob table is only cleared when the session ends.
 */
const inlinePartBytesMax = 16_384

const BlobReference = z.object({ $blob: z.string() })

/** A session in memory, and what the store has of it. */
export interface StoredSession {
  state: SessionState
  /** The tags of the parts that are in the store, by part. */
  tags: ReadonlyMap<string, string>
  /** Names of the stored parts that the newest head no longer refers to, though the one before it did. The next commit deletes them. */
  dropped: string[]
}

export interface SessionCommit {
  stored: StoredSession
  next: SessionState
  note?: SharedNote | undefined
}

export interface SessionStore {
  load(actorId: string): Promise<StoredSession | undefined>
  /** Outputs of steps that succeeded, also of turns that have ended. */
  readOutcomes(
    actorId: string,
    stored: StoredSession,
    wanted: { turn: TurnState; stepIds: string[] },
  ): Promise<Map<string, StepOutcome>>
  /** In one transaction: writes the head, the parts that are new and the note, and deletes the parts that the stored head had dropped. */
  commit(actorId: string, commit: SessionCommit): Promise<StoredSession>
  /** The reminder beats from 3 s from now on, every 15 s. */
  arm(actorId: string): Promise<void>
  /** The reminder beats from `atMs` (epoch milliseconds) on, every 15 s, and never earlier than 3 s from now. */
  armAt(actorId: string, atMs: number): Promise<void>
  disarm(actorId: string): Promise<void>
}

const reminder = { name: 'heartbeat', dueMs: 3_000, periodMs: 15_000 } as const

export interface SessionStoreDeps {
  actors: ActorState
  reminders: Reminders
  blobs: BlobStore
  mayHaveEarlierKeys: MayHaveEarlierKeys
}

export function createSessionStore(deps: SessionStoreDeps): SessionStore {
  const { actors, reminders, blobs, mayHaveEarlierKeys } = deps
  const { load, readOutcomes } = createReader(deps)

  async function write(actorId: string, { stored, next, note }: SessionCommit): Promise<StoredSession> {
    const state = { ...next, revision: stored.state.revision + 1 }
    const newTag = randomUUID().replaceAll('-', '').slice(0, 12)
    const inStore: StoredParts = { tagOf: (part) => stored.tags.get(part) ?? newTag, isStored: (part) => stored.tags.has(part) }
    const { fresh, gone } = changedParts(stored, state, inStore)
    const left = await deleteFromEarlierLayout(actorId, stored)
    const dropped = [...left, ...gone.map((part) => nameOf(part, inStore.tagOf(part)))]
    const writes: StateWrite[] = await Promise.all(
      fresh.map(async ([part, value]) => ({
        kind: 'upsert' as const,
        key: nameOf(part, newTag),
        value: isShortLived(part) ? value : await encodePart(blobs, state, value),
      })),
    )
    for (const key of stored.dropped) writes.push({ kind: 'delete', key })
    const head = { ...toHead(state, inStore, dropped), commit: newTag }
    // The revision counts the writes of the head, which is what the store compares.
    writes.push({ kind: 'upsert', key: headKey, value: head, writesBefore: stored.state.revision })
    await mayCrashAround('commit', () => actors.commit(actorId, writes, note))
    const tags = new Map(stored.tags)
    for (const part of gone) tags.delete(part)
    for (const [part] of fresh) tags.set(part, newTag)
    return { state, tags, dropped }
  }

  /**
   * A session that an earlier version of Weft stored may have its head and parts under other keys: deletes there the parts that the stored head dropped,
   * and the head. Not before a head has been written under today's key, because until then the earlier one is the only one. Returns the parts that could
   * not be deleted: the next head names them again, and the session does not wait for them.
   */
  async function deleteFromEarlierLayout(actorId: string, { state, dropped }: StoredSession): Promise<string[]> {
    if (state.revision === 0) return dropped
    const hasLeft = dropped.length > 0 || state.deletion !== 'none'
    if (!hasLeft || !mayHaveEarlierKeys(state.createdAtMs)) return []
    return actors.dropEarlier(actorId, [...dropped, headKey]).then(
      () => [],
      () => dropped,
    )
  }

  /** A session that was compacted or deleted may never be committed again, so that what it dropped is deleted at once, by a second commit. */
  async function deleteDroppedIfLast(actorId: string, stored: StoredSession): Promise<StoredSession> {
    return stored.tags.size === 0 && stored.dropped.length > 0 ? write(actorId, { stored, next: stored.state }) : stored
  }

  return {
    async load(actorId) {
      const stored = await load(actorId)
      return stored === undefined ? undefined : deleteDroppedIfLast(actorId, stored)
    },
    commit: async (actorId, commit) => deleteDroppedIfLast(actorId, await write(actorId, commit)),
    readOutcomes,
    arm: (actorId) => mayCrashAround('reminder', () => reminders.arm(actorId, reminder.name, reminder)),
    armAt(actorId, atMs) {
      const dueMs = Math.max(reminder.dueMs, atMs - Date.now())
      const { name, periodMs } = reminder
      return mayCrashAround('reminder', () => reminders.arm(actorId, name, { dueMs, periodMs }))
    },
    disarm: (actorId) => reminders.disarm(actorId, reminder.name),
  }
}

async function encodePart(blobs: BlobStore, { tenant, sessionId }: SessionPlace, value: unknown): Promise<unknown> {
  const json = JSON.stringify(value)
  if (json.length <= inlinePartBytesMax) return value
  const hash = createHash('sha256').update(json).digest('hex')
  return (await blobs.put({ tenant, sessionId }, { hash, json })) ? { $blob: hash } : value
}

/** The parts that a commit adds and those it drops. Turns that it did not change are not looked at, so that an old session costs no more than a young one. */
function changedParts(
  stored: StoredSession,
  next: SessionState,
  inStore: StoredParts,
): { fresh: [string, unknown][]; gone: string[] } {
  const { isStored } = inStore
  const turnsBefore = stored.state.turns.filter((turn) => !next.turns.includes(turn))
  const turns = next.turns.filter((turn) => !stored.state.turns.includes(turn))
  const before = partsOf({ turns: turnsBefore, outbox: stored.state.outbox }, inStore)
  const parts = partsOf({ turns, outbox: next.outbox }, inStore)
  return {
    fresh: [...parts].filter(([part]) => !isStored(part)),
    gone: [...before.keys()].filter((part) => isStored(part) && !parts.has(part)),
  }
}

function createReader({
  actors,
  blobs,
  mayHaveEarlierKeys,
}: Omit<SessionStoreDeps, 'reminders'>): Pick<SessionStore, 'load' | 'readOutcomes'> {
  async function load(actorId: string): Promise<StoredSession | undefined> {
    const head = (await actors.read(actorId, headKey, SessionHead)) ?? (await readEarlierHead(actorId))
    if (head === undefined) return undefined
    const { state, tags } = await fromHead(head, async (name, schema) => schema.parse(await readPart(actorId, name, head)))
    return { state, tags, dropped: head.dropped }
  }

  /**
   * The head that an earlier version stored, under other keys. With revision 0 the next commit creates it under today's key; its parts stay where they were
   * written until nothing needs them.
   */
  async function readEarlierHead(actorId: string): Promise<SessionHead | undefined> {
    const head = mayHaveEarlierKeys() ? await actors.readEarlier(actorId, headKey, SessionHead) : undefined
    return head && { ...head, revision: 0 }
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

  async function readPart(actorId: string, key: string, session: SessionPlace): Promise<unknown> {
    const found = await actors.read(actorId, key, z.unknown())
    const value = found === undefined && mayHaveEarlierKeys() ? await actors.readEarlier(actorId, key, z.unknown()) : found
    if (value === undefined) throw new WeftError('internal_error', `the session's part ${key} is missing from the state store`)
    const reference = BlobReference.safeParse(value)
    return reference.success ? blobs.get(session, reference.data.$blob) : value
  }

  return { load, readOutcomes }
}
