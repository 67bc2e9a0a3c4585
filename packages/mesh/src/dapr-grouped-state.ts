import { isDeepStrictEqual } from 'node:util'
import { parseJson, parseValue } from '@weft/contracts'
import { z } from 'zod'
import type { ActorState, EarlierState, SharedNote, StateWrite } from './actor-state.ts'
import { askSidecar, componentNames } from './dapr-sidecar.ts'
import type { DaprTransport } from './dapr-transport.ts'

interface Commit {
  /** Its operations as the state API takes them, JSON text. */
  operations: string[]
  note: { key: string; operation: string } | undefined
  chars: number
  guarded: { key: string; value: unknown } | undefined
  resolve: () => void
  reject: (cause: unknown) => void
}

/** The commits of one transaction, and their characters; the sidecars take bodies of up to 16 MiB. */
const groupCommitsMax = 64
const groupCharsMax = 1_048_576

const path = `/v1.0/state/${componentNames.stateStore}`
const target = 'the state store'

/**
 * State of actors on Redis. Commits that are waiting at the same time share one transaction, so that a single commit is sent at once, and many cost less each
 * (docs/decisions/0020-commits-in-groups.md). It is not checked whether an actor is hosted beside this sidecar: the guarded write of a commit
 * (`writesBefore`) fails for a host that has missed a commit of another.
 */
export function createGroupedState(transport: DaprTransport, actorType: string): Omit<ActorState, keyof EarlierState> {
  const enqueue = createGroups(transport)
  const keyOf = (actorId: string, key: string) => `${actorType}:${actorId}:${key}`
  return {
    read: (actorId, key, schema) => read(transport, { key: keyOf(actorId, key), schema, what: `read actor state ${key}` }),
    commit: (actorId, writes, note) =>
      enqueue(
        writes.map((write) => ({ ...write, key: keyOf(actorId, write.key) })),
        note,
      ),
    readNote: (key, schema) => read(transport, { key, schema, what: `read note ${key}` }),
    async dropNote(key) {
      const request = { method: 'DELETE' as const, path: `${path}/${encodeURIComponent(key)}`, what: `drop note ${key}` }
      await askSidecar(transport, request, target)
    },
  }
}

async function read<T extends z.ZodType>(
  transport: DaprTransport,
  { key, schema, what }: { key: string; schema: T; what: string },
): Promise<z.infer<T> | undefined> {
  const text = await askSidecar(transport, { method: 'GET', path: `${path}/${encodeURIComponent(key)}`, what }, target)
  if (text === '') return undefined
  const stored = parseJson(z.unknown(), text, what)
  // Earlier versions stored the value itself; now it is stored as a string of JSON (see `toOperation`).
  return typeof stored === 'string' ? parseJson(schema, stored, what) : parseValue(schema, stored, what)
}

type Enqueue = (writes: StateWrite[], note: SharedNote | undefined) => Promise<void>

/** Sends one transaction at a time; the commits that come meanwhile go together in the next. */
function createGroups(transport: DaprTransport): Enqueue {
  let waiting: Commit[] = []
  let isSending = false

  async function sendAll(): Promise<void> {
    isSending = true
    while (waiting.length > 0) {
      const group = waiting.slice(0, groupSize(waiting))
      waiting = waiting.slice(group.length)
      await send(transport, group)
    }
    isSending = false
  }

  return (writes, note) =>
    new Promise((resolve, reject) => {
      const operations = writes.map((write) => JSON.stringify(toOperation(write)))
      const guarded = writes.find((write) => write.kind === 'upsert' && write.writesBefore !== undefined)
      waiting.push({
        operations,
        note: note && { key: note.key, operation: JSON.stringify(toNoteOperation(note)) },
        chars: operations.reduce((sum, operation) => sum + operation.length, 0),
        guarded: guarded?.kind === 'upsert' ? guarded : undefined,
        resolve,
        reject,
      })
      if (!isSending) void sendAll()
    })
}

/** Never rejects: each commit of the group is resolved or rejected instead. */
async function send(transport: DaprTransport, group: Commit[]): Promise<void> {
  try {
    await transact(transport, group)
    for (const { resolve } of group) resolve()
  } catch (cause) {
    if (group.length === 1) group[0]?.reject(cause)
    else await Promise.all(group.map((member) => settle(transport, member, cause)))
  }
}

/** Notes under one key replace each other: the last one is written. */
async function transact(transport: DaprTransport, group: Commit[]): Promise<void> {
  const notes = new Map(group.flatMap(({ note }) => (note === undefined ? [] : [[note.key, note.operation]])))
  const operations = [...group.flatMap((member) => member.operations), ...notes.values()]
  const text = `{"operations":[${operations.join(',')}]}`
  await askSidecar(transport, { method: 'POST', path: `${path}/transaction`, text, what: 'commit actor state' }, target)
}

/**
 * Finds out how a commit of a failed group fared. Redis fails the transaction as a whole when a single guard does not hold, although it has written the other
 * commits: a commit whose guarded value is in the store was written.
 */
async function settle(transport: DaprTransport, { guarded, resolve, reject }: Commit, cause: unknown): Promise<void> {
  try {
    const found = guarded && (await read(transport, { ...guarded, schema: z.unknown(), what: 'read what was committed' }))
    const isWritten = guarded !== undefined && isDeepStrictEqual(found, JSON.parse(JSON.stringify(guarded.value)))
    if (isWritten) resolve()
    else reject(cause)
  } catch {
    reject(cause)
  }
}

function groupSize(waiting: Commit[]): number {
  let chars = 0
  const end = waiting.slice(0, groupCommitsMax).findIndex((commit, index) => {
    chars += commit.chars
    return index > 0 && chars > groupCharsMax
  })
  return end === -1 ? groupCommitsMax : end
}

function toNoteOperation({ key, value, ttlSeconds }: SharedNote) {
  return { operation: 'upsert', request: { key, value: JSON.stringify(value), metadata: { ttlInSeconds: String(ttlSeconds) } } }
}

/**
 * Redis keeps the number of a key's writes as its ETag. No key has the ETag -1, so that a write with it succeeds only if there is no key yet. A value is sent
 * as a string of JSON, which the sidecar passes on as it is: an object it would parse and write anew.
 */
function toOperation(write: StateWrite) {
  if (write.kind === 'delete') return { operation: 'delete', request: { key: write.key } }
  const { key, value, writesBefore } = write
  const guard = writesBefore === undefined ? {} : { etag: String(writesBefore === 0 ? -1 : writesBefore) }
  return { operation: 'upsert', request: { key, value: JSON.stringify(value), ...guard } }
}
