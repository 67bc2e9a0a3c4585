import { setTimeout as sleep } from 'node:timers/promises'
import type { SharedState } from '../resilience/shared-state.ts'

export interface MemoryState extends SharedState {
  reads(): number
  /** `away`: every call throws from now on; `silent`: none is answered. */
  trouble(kind: 'away' | 'silent' | undefined): void
  /** Nothing is answered until it may go on. */
  hold(): void
  go(): void
}

/** The state that processes of a test share. */
export function createMemoryState({ delayMs }: { delayMs?: number } = {}): MemoryState {
  const entries = new Map<string, { text: string; etag: string }>()
  let reads = 0
  let trouble: 'away' | 'silent' | undefined
  let held = Promise.withResolvers<void>()
  held.resolve()

  async function reach(): Promise<void> {
    if (trouble === 'silent') await new Promise(() => undefined)
    if (trouble === 'away') throw new Error('the state store is away')
    await held.promise
    if (delayMs !== undefined) await sleep(Math.random() * delayMs)
  }

  return {
    async get(key) {
      reads++
      await reach()
      const entry = entries.get(key)
      return entry === undefined ? undefined : { value: JSON.parse(entry.text), etag: entry.etag }
    },
    async compareAndSet(key, value, etag) {
      await reach()
      if (entries.get(key)?.etag !== etag) return false
      entries.set(key, { text: JSON.stringify(value), etag: String(Number(etag ?? 0) + 1) })
      return true
    },
    reads: () => reads,
    trouble(kind) {
      trouble = kind
    },
    hold() {
      held = Promise.withResolvers()
    },
    go: () => held.resolve(),
  }
}
