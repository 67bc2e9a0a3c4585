import { errorFromProblem, Problem, parseJson, parseValue } from '@weft/contracts'
import { z } from 'zod'
import {
  createDaprTransport,
  type DaprTransport,
  readText,
  type SidecarRequest,
  type SidecarResponse,
  throwSidecarError,
} from './dapr-transport.ts'

/** Names of the components in dapr/components; the same in every deployment. */
export const componentNames = { stateStore: 'statestore', sharedState: 'sharedstate', pubSub: 'pubsub' } as const

/** `schema` parses the answer; `body` is sent as JSON (default `{}`); `signal` gives the call up. */
export interface InvokeOptions<T extends z.ZodType> {
  schema: T
  body?: unknown
  headers?: Record<string, string> | undefined
  signal?: AbortSignal | undefined
}

/** A call whose answer is read while it comes. */
export interface StreamOptions {
  body: unknown
  headers?: Record<string, string> | undefined
  signal?: AbortSignal | undefined
}

/** The own sidecar: service invocation, actor calls, publishing and key/value state. */
export interface Sidecar {
  /** Calls `POST {path}` of another app and unwraps its envelope. Throws the refusal, or `dependency_unavailable`. */
  invoke<T extends z.ZodType>(appId: string, path: string, options: InvokeOptions<T>): Promise<z.infer<T>>
  /** Calls `POST {path}` of another app and hands on the open response. Throws `dependency_unavailable` on any status but 200. */
  invokeStream(appId: string, path: string, options: StreamOptions): Promise<SidecarResponse>
  /** Reads `GET {path}` of another app. */
  fetchFrom<T extends z.ZodType>(appId: string, path: string, options: Omit<InvokeOptions<T>, 'body'>): Promise<z.infer<T>>
  /** Calls a method of an actor and unwraps its envelope. `call` is `{actorType}/{actorId}/{method}` in parts. */
  callActor<T extends z.ZodType>(call: ActorCall, options: ActorCallOptions<T>): Promise<z.infer<T>>
  /** Publishes JSON to a topic of the mesh's pub/sub. */
  publish(topic: string, data: unknown): Promise<void>
  /** Publishes a text, which sidecars pass on without parsing it. */
  publishText(topic: string, text: string): Promise<void>
  /** The value under a key of the mesh's state store, or undefined; `schema` parses it. */
  getState<T extends z.ZodType>(key: string, schema: T): Promise<z.infer<T> | undefined>
  /** Without `ttlSeconds` the value is kept for good. */
  saveState(key: string, value: unknown, options?: { ttlSeconds: number }): Promise<void>
  deleteState(key: string): Promise<void>
  /** Whether the sidecar answers and its components are up; it may be up while its app is not. */
  isHealthy(): Promise<boolean>
  readonly transport: DaprTransport
  stop(): Promise<void>
}

/** `patienceMs`: how long the actor may be silent; 60,000 for a call without it and without a `signal`. */
export type ActorCallOptions<T extends z.ZodType> = Omit<InvokeOptions<T>, 'headers'> & { patienceMs?: number }

/** `{type}/{id}/{method}` of Dapr's actor protocol. */
export interface ActorCall {
  type: string
  id: string
  method: string
}

/** Over HTTP to the sidecar on `httpPort` of this machine, with its token. */
export function createSidecar(options: { httpPort: number; apiToken: string }): Sidecar {
  const transport = createDaprTransport(options)
  return {
    transport,
    stop: () => transport.stop(),
    ...serviceInvocation(transport),
    ...actorCalls(transport),
    ...publishing(transport),
    ...keyValueState(transport),
    isHealthy: () => isSidecarHealthy(transport),
  }
}

function serviceInvocation(transport: DaprTransport): Pick<Sidecar, 'invoke' | 'invokeStream' | 'fetchFrom'> {
  return {
    async invoke(appId, path, { schema, body = {}, headers, signal }) {
      const what = `invoke ${appId} ${path}`
      const request = { method: 'POST' as const, path: methodPath(appId, path), body, what, headers, signal }
      return unwrap(schema, await askSidecar(transport, request, appId), what)
    },
    async invokeStream(appId, path, { body, headers, signal }) {
      const what = `invoke ${appId} ${path}`
      const sentAtMs = performance.now()
      const response = await transport.send({ method: 'POST', path: methodPath(appId, path), body, what, headers, signal })
      const tookMs = performance.now() - sentAtMs
      return response.statusCode === 200 ? response : throwSidecarError(response, { what, target: appId, tookMs })
    },
    async fetchFrom(appId, path, { schema, headers, signal }) {
      const what = `fetch ${path} from ${appId}`
      const request = { method: 'GET' as const, path: methodPath(appId, path), what, headers, signal }
      return parseJson(schema, await askSidecar(transport, request, appId), what)
    },
  }
}

function actorCalls(transport: DaprTransport): Pick<Sidecar, 'callActor'> {
  return {
    async callActor({ type, id, method }, { schema, body = {}, signal, patienceMs }) {
      const what = `actor ${type} ${method}`
      const path = `/v1.0/actors/${type}/${encodeURIComponent(id)}/method/${method}`
      const request = { method: 'PUT' as const, path, body, what, signal, ...(patienceMs === undefined ? {} : { patienceMs }) }
      return unwrap(schema, await askSidecar(transport, request, `actor type ${type}`), what)
    },
  }
}

function publishing(transport: DaprTransport): Pick<Sidecar, 'publish' | 'publishText'> {
  const send = async (topic: string, content: Pick<SidecarRequest, 'body' | 'text' | 'headers'>) => {
    const path = `/v1.0/publish/${componentNames.pubSub}/${encodeURIComponent(topic)}`
    await askSidecar(transport, { method: 'POST', path, what: `publish to ${topic}`, ...content }, 'the message broker')
  }
  return {
    publish: (topic, data) => send(topic, { body: data }),
    publishText: (topic, text) => send(topic, { text, headers: { 'content-type': 'text/plain' } }),
  }
}

function keyValueState(transport: DaprTransport): Pick<Sidecar, 'getState' | 'saveState' | 'deleteState'> {
  const base = `/v1.0/state/${componentNames.stateStore}`
  const store = 'the state store'
  return {
    async getState(key, schema) {
      const what = 'read state'
      const text = await askSidecar(transport, { method: 'GET', path: `${base}/${encodeURIComponent(key)}`, what }, store)
      return text === '' ? undefined : parseJson(schema, text, what)
    },
    async saveState(key, value, options) {
      const body = [{ key, value, ...(options && { metadata: { ttlInSeconds: String(options.ttlSeconds) } }) }]
      await askSidecar(transport, { method: 'POST', path: base, body, what: 'save state' }, store)
    },
    async deleteState(key) {
      await askSidecar(transport, { method: 'DELETE', path: `${base}/${encodeURIComponent(key)}`, what: 'delete state' }, store)
    },
  }
}

async function isSidecarHealthy(transport: DaprTransport): Promise<boolean> {
  try {
    const request = {
      method: 'GET' as const,
      path: '/v1.0/healthz/outbound',
      what: 'check the sidecar',
      signal: AbortSignal.timeout(2_000),
    }
    const response = await transport.send(request)
    await response.body.dump()
    return response.statusCode === 204 || response.statusCode === 200
  } catch {
    return false
  }
}

/** How long a sidecar may be silent where the caller sets no bound; one that hangs is then treated like one that is gone. */
const answerPatienceMs = 60_000

/**
 * Sends a request and returns the body of its answer as text. `target` names, in errors, who was asked. Throws on any status that is not 2xx, and
 * `dependency_unavailable` after a minute of silence where the request sets no bound of its own.
 */
export async function askSidecar(transport: DaprTransport, request: SidecarRequest, target: string): Promise<string> {
  const bounded = request.signal === undefined ? { patienceMs: answerPatienceMs, ...request } : request
  const response = await transport.send(bounded)
  const isOk = response.statusCode >= 200 && response.statusCode <= 299
  return isOk ? readText(response, bounded) : throwSidecarError(response, { what: bounded.what, target })
}

/**
 * Body of every internal answer. Refusals travel as 200 with `ok: false`, because Dapr counts a 4xx as a failure of the callee and
 * would open its circuit breaker on bad input.
 */
const Envelope = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), problem: Problem }),
])

function unwrap<T extends z.ZodType>(schema: T, text: string, what: string): z.infer<T> {
  const envelope = parseJson(Envelope, text, what)
  if (!envelope.ok) throw errorFromProblem(envelope.problem)
  return parseValue(schema, envelope.value, what)
}

function methodPath(appId: string, path: string): string {
  return `/v1.0/invoke/${appId}/method${path}`
}
