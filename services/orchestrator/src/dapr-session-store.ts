import { createHash } from 'node:crypto'
import { WeftError } from '@weft/contracts'
import { type ActorStore, componentNames, componentType, mayCrashAround, type Sidecar, type StateWrite } from '@weft/mesh'
import { z } from 'zod'
import { fromHead, headKey, partsOf, type ReadPart, readOutcome, SessionHead, toHead } from './core/persist-session.ts'
import type { SessionState, StepOutcome, TurnState } from './core/session-state.ts'
import type { BlobStore, SessionOf } from './postgres-blobs.ts'

/** Parts up to this size lie in the actor's state; larger ones in the blob table, by content hash. */
const inlinePartBytesMax = 16_384

const BlobReference = z.object({ $blob: z.string() })

/** A session in memory, with the names of the parts that are already in the store. */
export interface StoredSession {
  state: SessionState
  partKeys: ReadonlySet<string>
}

export interface SessionStore {
  load(actorId: string): Promise<StoredSession | undefined>
  /** Outputs of steps that succeeded, also of turns that have ended. */
  readOutcomes(
    actorId: string,
    session: SessionOf,
    wanted: { turn: TurnState; stepIds: string[] },
  ): Promise<Map<string, StepOutcome>>
  /** Writes the head and the parts that are new, deletes those no longer referred to; one transaction. */
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
  let storeType: string | undefined

  async function commit(actorId: string, stored: StoredSession, next: SessionState): Promise<StoredSession> {
    const revision = stored.state.revision + 1
    const state = { ...next, revision }
    const parts = partsOf(state)
    const fresh = [...parts].filter(([key]) => !stored.partKeys.has(key))
    const writes: StateWrite[] = await Promise.all(
      fresh.map(async ([key, value]) => ({ kind: 'upsert' as const, key, value: await encodePart(state, value) })),
    )
    for (const key of stored.partKeys) if (!parts.has(key)) writes.push({ kind: 'delete', key })
    writes.push({ kind: 'upsert', key: headKey, value: toHead(state), ...(await headGuard(stored.state.revision)) })
    await mayCrashAround('commit', () => actors.commit(actorId, writes))
    return { state, partKeys: new Set(parts.keys()) }
  }

  /** Redis counts a key's writes as its ETag, and every write of the head is one revision. */
  async function headGuard(revision: number): Promise<{ etag?: string }> {
    storeType ??= await componentType(deps.sidecar, componentNames.stateStore)
    return storeType === 'state.redis' && revision > 0 ? { etag: String(revision) } : {}
  }

  async function encodePart({ tenant, sessionId }: SessionOf, value: unknown): Promise<unknown> {
    const json = JSON.stringify(value)
    if (json.length <= inlinePartBytesMax) return value
    const hash = createHash('sha256').update(json).digest('hex')
    return (await blobs.put({ tenant, sessionId }, { hash, json })) ? { $blob: hash } : value
  }

  return {
    ...createReader(actors, blobs),
    commit,
    arm: (actorId) => mayCrashAround('reminder', () => actors.armReminder(actorId, reminder.name, reminder)),
    armAt(actorId, atMs) {
      const dueMs = Math.max(reminder.dueMs, atMs - Date.now())
      const { name, periodMs } = reminder
      return mayCrashAround('reminder', () => actors.armReminder(actorId, name, { dueMs, periodMs }))
    },
    disarm: (actorId) => actors.disarmReminder(actorId, reminder.name),
  }
}

function createReader(actors: ActorStore, blobs: BlobStore): Pick<SessionStore, 'load' | 'readOutcomes'> {
  async function load(actorId: string): Promise<StoredSession | undefined> {
    const head = await actors.read(actorId, headKey, SessionHead)
    if (head === undefined) return undefined
    const state = await fromHead(head, async (key, schema) => schema.parse(await readPart(actorId, key, head)))
    return { state, partKeys: new Set(partsOf(state).keys()) }
  }

  async function readOutcomes(
    actorId: string,
    session: SessionOf,
    { turn: { turn, steps }, stepIds }: { turn: TurnState; stepIds: string[] },
  ) {
    const read: ReadPart = async (key, schema) => schema.parse(await readPart(actorId, key, session))
    const found = await Promise.all(
      stepIds.map(async (stepId): Promise<[string, StepOutcome][]> => {
        const step = steps[stepId]
        return step === undefined ? [] : [[stepId, step.outcome ?? (await readOutcome(read, { turn, stepId, step }))]]
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
