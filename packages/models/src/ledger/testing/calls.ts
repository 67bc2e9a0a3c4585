import type { CallEnd, CallFacts } from '../../attempt/call-controls.ts'
import type { CallRecord } from '../call-record.ts'
import type { CallStore } from '../postgres-calls.ts'

export const price = { inputUsd: 1, outputUsd: 10 }

export function callFacts(callId: string, more: Partial<CallFacts> = {}): CallFacts {
  return {
    callId,
    kind: 'chat',
    model: { id: 'openai/m', provider: 'openai', price, priceKnown: true },
    scope: { tenant: 'acme', keyId: 'key_1', user: 'ann', agent: 'gateway' },
    attempt: 1,
    firstCallId: callId,
    isStreamed: false,
    inputTokens: 10,
    inputBytes: 50,
    answers: 1,
    ...more,
  }
}

export const completed: CallEnd = {
  usage: { inputTokens: 100, outputTokens: 20, costUsd: 0.0003, measured: true, priceKnown: true },
  outcome: { kind: 'completed' },
  durationMs: 5,
}

/** Keeps calls by their id; `isDown` makes it refuse. */
export function memoryCalls() {
  const kept = new Map<string, CallRecord>()
  const store = {
    isDown: false,
    times: new Map<string, number>(),
    kept,
    async store(records: readonly CallRecord[]) {
      if (store.isDown) throw new Error('the database is away')
      for (const record of records) {
        store.times.set(record.id, (store.times.get(record.id) ?? 0) + 1)
        if (!kept.has(record.id)) kept.set(record.id, record)
      }
    },
    gone: new Set<string>(),
    async noteGone(life: string) {
      store.gone.add(life)
    },
  } satisfies CallStore & Record<string, unknown>
  return store
}
