import { parseJson, WeftError } from '@weft/contracts'
import { z } from 'zod'
import { askSidecar, type Sidecar } from './dapr-sidecar.ts'

export type StateWrite = { kind: 'upsert'; key: string; value: unknown; etag?: string } | { kind: 'delete'; key: string }

/** State and reminders of one actor type, as its host sees them. Every call fails when the actor is not hosted beside this sidecar. */
export interface ActorStore {
  /** The value under a key, or undefined; `schema` parses what was stored. */
  read<T extends z.ZodType>(actorId: string, key: string, schema: T): Promise<z.infer<T> | undefined>
  /** All writes in one transaction of the state store. */
  commit(actorId: string, writes: StateWrite[]): Promise<void>
  /** Creates or overwrites a repeating reminder; periods in milliseconds, at least 1 s apart. */
  armReminder(actorId: string, name: string, options: { dueMs: number; periodMs: number }): Promise<void>
  disarmReminder(actorId: string, name: string): Promise<void>
}

/** Through the sidecar beside this host. Throws `dependency_unavailable` when it, the store or the scheduler does not answer. */
export function createActorStore(sidecar: Sidecar, actorType: string): ActorStore {
  const base = (actorId: string) => `/v1.0/actors/${actorType}/${encodeURIComponent(actorId)}`
  const target = 'the state store'
  return {
    async read(actorId, key, schema) {
      const request = {
        method: 'GET' as const,
        path: `${base(actorId)}/state/${encodeURIComponent(key)}`,
        what: `read actor state ${key}`,
      }
      const text = await askSidecar(sidecar.transport, request, target)
      return text === '' ? undefined : parseJson(schema, text, `actor state ${key}`)
    },
    async commit(actorId, writes) {
      const body = writes.map(toOperation)
      await askSidecar(
        sidecar.transport,
        { method: 'POST', path: `${base(actorId)}/state`, body, what: 'commit actor state' },
        target,
      )
    },
    async armReminder(actorId, name, { dueMs, periodMs }) {
      if (periodMs < 1_000) throw new WeftError('internal_error', `a reminder's period of ${periodMs} ms is below 1 s`)
      const body = { dueTime: `${dueMs}ms`, period: `${periodMs}ms`, overwrite: true }
      const request = { method: 'POST' as const, path: `${base(actorId)}/reminders/${name}`, body, what: 'arm the reminder' }
      await askSidecar(sidecar.transport, request, 'the scheduler')
    },
    async disarmReminder(actorId, name) {
      const request = { method: 'DELETE' as const, path: `${base(actorId)}/reminders/${name}`, what: 'disarm the reminder' }
      await askSidecar(sidecar.transport, request, 'the scheduler')
    },
  }
}

function toOperation(write: StateWrite) {
  if (write.kind === 'delete') return { operation: 'delete', request: { key: write.key } }
  const { key, value, etag } = write
  return { operation: 'upsert', request: { key, value, ...(etag === undefined ? {} : { etag }) } }
}

const Metadata = z.object({ components: z.array(z.object({ name: z.string(), type: z.string() })).default([]) })

/** The component type behind a name, such as `state.redis`; undefined when the sidecar has no such component. */
export async function componentType(sidecar: Sidecar, name: string): Promise<string | undefined> {
  const text = await askSidecar(
    sidecar.transport,
    { method: 'GET', path: '/v1.0/metadata', what: 'read the sidecar metadata' },
    'the sidecar',
  )
  return parseJson(Metadata, text, 'the sidecar metadata').components.find((component) => component.name === name)?.type
}
