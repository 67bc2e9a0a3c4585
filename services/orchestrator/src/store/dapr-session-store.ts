import { createHash, randomUUID } from 'node:crypto'
import { WeftError } from '@weft/contracts'
import { type ActorState, mayCrashAround, type Reminders, type SharedNote, type StateWrite } from '@weft/mesh'
import { z } from 'zod'
import { isShortLived, nameOf, type TagOf } from '../core/part-names.ts'
import { fromHead, headKey, type Lying, partsOf, type ReadPart, readOutcome, toHead } from '../core/persist-session.ts'
import { SessionHead } from '../core/session-head.ts'
import type { SessionPlace } from '../core/session-place.ts'
import type { SessionState, StepOutcome, TurnState } from '../core/session-state.ts'
import type { MayLieEarlier } from './earlier-layout.ts'
import type { BlobStore } from './postgres-blobs.ts'

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
  /** Writes the head and the parts that are new, and deletes those that the head before did without; one transaction, the note with it. */
  commit(actorId: string, commit: SessionCommit): Promise<StoredSession>
  /** The reminder beats from soon on. */
  arm(actorId: string): Promise<void>
  /** The reminder beats from then on, in epoch milliseconds. */
  armAt(actorId: string, atMs: number): Promise<void>
  disarm(actorId: string): Promise<void>
}

const reminder = { name: 'heartbeat', dueMs: 3_000, periodMs: 15_000 } as const

export interface SessionStoreDeps {
  actors: ActorState
  reminders: Reminders
  blobs: BlobStore
  mayLieEarlier: MayLieEarlier
}

export function createSessionStore(deps: SessionStoreDeps): SessionStore {
  const { actors, reminders, blobs, mayLieEarlier } = deps
  const { load, readOutcomes } = createReader(deps)

  async function write(actorId: string, { stored, next, note }: SessionCommit): Promise<StoredSession> {
    const state = { ...next, revision: stored.state.revision + 1 }
    const newTag = randomUUID().replaceAll('-', '').slice(0, 12)
    const lying: Lying = { tagOf: (part) => stored.tags.get(part) ?? newTag, isStored: (part) => stored.tags.has(part) }
    const { fresh, gone } = changedParts(stored, state, lying)
    const left = await clearEarlier(actorId, stored)
    const dropped = [...left, ...gone.map((part) => nameOf(part, lying.tagOf(part)))]
    const writes: StateWrite[] = await Promise.all(
      fresh.map(async ([part, value]) => ({
        kind: 'upsert' as const,
        key: nameOf(part, newTag),
        value: isShortLived(part) ? value : await encodePart(blobs, state, value),
      })),
    )
    for (const key of stored.dropped) writes.push({ kind: 'delete', key })
    // Every write of the head is one revision.
    const head = { ...toHead(state, lying, dropped), commit: newTag }
    writes.push({ kind: 'upsert', key: headKey, value: head, writesBefore: stored.state.revision })
    await mayCrashAround('commit', () => actors.commit(actorId, writes, note))
    const tags = new Map(stored.tags)
    for (const part of gone) tags.delete(part)
    for (const [part] of fresh) tags.set(part, newTag)
    return { state, tags, dropped }
  }

  /**
   * Deletes what the head did without from where an earlier version stored it, and the head there; nothing before there is one in today's place. Answers what
   * could not be deleted, which the next head names again: a session does not wait for it.
   */
  async function clearEarlier(actorId: string, { state, dropped }: StoredSession): Promise<string[]> {
    if (state.revision === 0) return dropped
    const hasLeft = dropped.length > 0 || state.deletion !== 'none'
    if (!hasLeft || !mayLieEarlier(state.createdAtMs)) return []
    return actors.dropEarlier(actorId, [...dropped, headKey]).then(
      () => [],
      () => dropped,
    )
  }

  /** A session that keeps its counters only may never be committed again: what it dropped goes at once. */
  async function clearOut(actorId: string, stored: StoredSession): Promise<StoredSession> {
    return stored.tags.size === 0 && stored.dropped.length > 0 ? write(actorId, { stored, next: stored.state }) : stored
  }

  return {
    async load(actorId) {
      const stored = await load(actorId)
      return stored === undefined ? undefined : clearOut(actorId, stored)
    },
    commit: async (actorId, commit) => clearOut(actorId, await write(actorId, commit)),
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

/** What a commit adds and what it does without. A turn that it leaves alone is not looked at: an old session costs no more than a young one. */
function changedParts(stored: StoredSession, next: SessionState, lying: Lying): { fresh: [string, unknown][]; gone: string[] } {
  const { isStored } = lying
  const turnsBefore = stored.state.turns.filter((turn) => !next.turns.includes(turn))
  const turns = next.turns.filter((turn) => !stored.state.turns.includes(turn))
  const before = partsOf({ turns: turnsBefore, outbox: stored.state.outbox }, lying)
  const parts = partsOf({ turns, outbox: next.outbox }, lying)
  return {
    fresh: [...parts].filter(([part]) => !isStored(part)),
    gone: [...before.keys()].filter((part) => isStored(part) && !parts.has(part)),
  }
}

function createReader({
  actors,
  blobs,
  mayLieEarlier,
}: Omit<SessionStoreDeps, 'reminders'>): Pick<SessionStore, 'load' | 'readOutcomes'> {
  async function load(actorId: string): Promise<StoredSession | undefined> {
    const head = (await actors.read(actorId, headKey, SessionHead)) ?? (await readEarlierHead(actorId))
    if (head === undefined) return undefined
    const { state, tags } = await fromHead(head, async (name, schema) => schema.parse(await readPart(actorId, name, head)))
    return { state, tags, dropped: head.dropped }
  }

  /** The next commit makes the head where it lies now, as its first revision; parts stay where they were first written, until nothing needs them. */
  async function readEarlierHead(actorId: string): Promise<SessionHead | undefined> {
    const head = mayLieEarlier() ? await actors.readEarlier(actorId, headKey, SessionHead) : undefined
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
    const value = found === undefined && mayLieEarlier() ? await actors.readEarlier(actorId, key, z.unknown()) : found
    if (value === undefined) throw new WeftError('internal_error', `the session's part ${key} is missing from the state store`)
    const reference = BlobReference.safeParse(value)
    return reference.success ? blobs.get(session, reference.data.$blob) : value
  }

  return { load, readOutcomes }
}
