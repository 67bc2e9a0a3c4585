import { AsyncLocalStorage } from 'node:async_hooks'

/** Ids that every log line of an asynchronous flow carries. */
export interface LogContext {
  sessionId?: string
  stepId?: string
  tenant?: string
  requestId?: string
}

const storage = new AsyncLocalStorage<LogContext>()

/** Adds ids to the log lines of everything `act` does. */
export function runWithLogContext<T>(ids: LogContext, act: () => T): T {
  return storage.run({ ...storage.getStore(), ...ids }, act)
}

export function currentLogContext(): LogContext {
  return storage.getStore() ?? {}
}
