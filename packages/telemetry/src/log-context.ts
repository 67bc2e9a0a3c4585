import { AsyncLocalStorage } from 'node:async_hooks'
import { withSessionId } from './tracing.ts'

/** Ids that every log line of an asynchronous flow carries. */
export interface LogContext {
  /** Also carried by every span below, and over calls in the baggage. */
  sessionId?: string
  stepId?: string
  tenant?: string
  requestId?: string
}

const storage = new AsyncLocalStorage<LogContext>()

/** Adds ids to the log lines of everything `act` does. */
export function runWithLogContext<T>(ids: LogContext, act: () => T): T {
  const { sessionId } = ids
  const withBaggage = sessionId === undefined ? act : () => withSessionId(sessionId, act)
  return storage.run({ ...storage.getStore(), ...ids }, withBaggage)
}

export function currentLogContext(): LogContext {
  return storage.getStore() ?? {}
}
