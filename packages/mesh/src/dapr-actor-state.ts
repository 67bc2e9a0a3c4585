import { parseJson, WeftError } from '@weft/contracts'
import { z } from 'zod'
import type { ActorState, EarlierState, SharedNote, StateWrite } from './actor-state.ts'
import { createGroupedState } from './dapr-grouped-state.ts'
import { askSidecar, componentNames, type Sidecar } from './dapr-sidecar.ts'
import type { DaprTransport } from './dapr-transport.ts'

export interface Reminders {
  /** Creates or overwrites a reminder that beats first after `dueMs` and then every `periodMs` milliseconds, the latter at least 1,000. */
  arm(actorId: string, name: string, options: { dueMs: number; periodMs: number }): Promise<void>
  /** Deletes a reminder. */
  disarm(actorId: string, name: string): Promise<void>
}

/**
 * State of the actors of `actorType`, through the sidecar beside this host: on Redis by the key/value API, with commits in groups and a guard against a second
 * writer, on any other store by the actor API. Which store it is, is asked of the sidecar at first use.
 */
export function createActorState(sidecar: Sidecar, actorType: string): ActorState {
  let chosen: ActorState | undefined
  const choose = async (): Promise<ActorState> => {
    if (chosen !== undefined) return chosen
    const isRedis = (await componentType(sidecar, componentNames.stateStore)) === 'state.redis'
    const hosted = createHostedState(sidecar, actorType)
    // On Redis, too, versions before December 2026 used the actor API, which makes other keys.
    chosen ??= isRedis ? { ...createGroupedState(sidecar.transport, actorType), ...earlierState(hosted) } : hosted
    return chosen
  }
  return {
    read: async (actorId, key, schema) => (await choose()).read(actorId, key, schema),
    readEarlier: async (actorId, key, schema) => (await choose()).readEarlier(actorId, key, schema),
    dropEarlier: async (actorId, keys) => (await choose()).dropEarlier(actorId, keys),
    commit: async (actorId, writes, note) => (await choose()).commit(actorId, writes, note),
    readNote: async (key, schema) => (await choose()).readNote(key, schema),
    dropNote: async (key) => (await choose()).dropNote(key),
  }
}

function earlierState({ read, commit }: ActorState): EarlierState {
  return {
    readEarlier: read,
    dropEarlier: (actorId, keys) =>
      commit(
        actorId,
        keys.map((key) => ({ kind: 'delete', key })),
      ),
  }
}

/** Reminders of one actor type. Throws `dependency_unavailable` when the sidecar or the scheduler does not answer. */
export function createReminders({ transport }: Pick<Sidecar, 'transport'>, actorType: string): Reminders {
  const pathOf = (actorId: string, name: string) => `${actorPath(actorType, actorId)}/reminders/${name}`
  return {
    async arm(actorId, name, { dueMs, periodMs }) {
      if (periodMs < 1_000) throw new WeftError('internal_error', `a reminder's period of ${periodMs} ms is below 1 s`)
      const body = { dueTime: `${dueMs}ms`, period: `${periodMs}ms`, overwrite: true }
      const request = { method: 'POST' as const, path: pathOf(actorId, name), body, what: 'arm the reminder' }
      await askSidecar(transport, request, 'the scheduler')
    },
    async disarm(actorId, name) {
      const request = { method: 'DELETE' as const, path: pathOf(actorId, name), what: 'disarm the reminder' }
      await askSidecar(transport, request, 'the scheduler')
    },
  }
}

/** By the actor API, for any store. In place of a guard the sidecar writes only actors that are hosted beside it, one commit of an actor at a time. */
function createHostedState(sidecar: Sidecar, actorType: string): ActorState {
  const { transport } = sidecar
  const target = 'the state store'
  let noting: Promise<unknown> = Promise.resolve()
  /** Notes are saved one after the other, so that an earlier one never replaces a later one. */
  function save({ key, value, ttlSeconds }: SharedNote): Promise<void> {
    const saved = noting.then(() => sidecar.saveState(key, value, { ttlSeconds }))
    noting = saved.catch(() => undefined)
    return saved
  }
  return {
    read: (actorId, key, schema) => readHosted(transport, { path: actorPath(actorType, actorId), key, schema }),
    readEarlier: async () => undefined,
    dropEarlier: async () => undefined,
    async commit(actorId, writes, note) {
      if (note !== undefined) await save(note)
      const path = `${actorPath(actorType, actorId)}/state`
      const body = writes.map(toOperation)
      await askSidecar(transport, { method: 'POST', path, body, what: 'commit actor state' }, target)
    },
    readNote: (key, schema) => sidecar.getState(key, schema),
    dropNote: (key) => sidecar.deleteState(key),
  }
}

async function readHosted<T extends z.ZodType>(
  transport: DaprTransport,
  { path, key, schema }: { path: string; key: string; schema: T },
): Promise<z.infer<T> | undefined> {
  const what = `read actor state ${key}`
  const request = { method: 'GET' as const, path: `${path}/state/${encodeURIComponent(key)}`, what }
  const text = await askSidecar(transport, request, 'the state store')
  return text === '' ? undefined : parseJson(schema, text, `actor state ${key}`)
}

function toOperation(write: StateWrite) {
  if (write.kind === 'delete') return { operation: 'delete', request: { key: write.key } }
  return { operation: 'upsert', request: { key: write.key, value: write.value } }
}

function actorPath(actorType: string, actorId: string): string {
  return `/v1.0/actors/${actorType}/${encodeURIComponent(actorId)}`
}

const Metadata = z.object({ components: z.array(z.object({ name: z.string(), type: z.string() })).default([]) })

/** The component type behind a name, such as `state.redis`; undefined when the sidecar has no such component. */
async function componentType(sidecar: Sidecar, name: string): Promise<string | undefined> {
  const text = await askSidecar(
    sidecar.transport,
    { method: 'GET', path: '/v1.0/metadata', what: 'read the sidecar metadata' },
    'the sidecar',
  )
  return parseJson(Metadata, text, 'the sidecar metadata').components.find((component) => component.name === name)?.type
}
