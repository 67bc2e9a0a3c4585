import { type Database, sql, storableJson } from '@weft/database'
import type { CallRecord } from './call-record.ts'

/** Keeps finished calls for good. */
export interface CallStore {
  /** Stores these calls, each once however often it is given. Throws WeftError when the database does not take them. */
  store(records: readonly CallRecord[]): Promise<void>
  /** Gives back what a process still holds of budgets, whose life is over and whose calls are all stored. Throws what `store` throws. */
  noteGone(life: string): Promise<void>
}

export function createPostgresCalls({ db }: Pick<Database, 'db'>): CallStore {
  return {
    async store(records) {
      const rows = records.map(toRow)
      const [common] = rows
      if (common === undefined) return
      // Calls of a batch are much alike: what all have in common is sent, and read by the database, once.
      const names = Object.keys(common)
      const own = names.filter((name) => name === 'id' || rows.some((row) => row[name] !== common[name]))
      const owns = rows.map((row) => Object.fromEntries(own.map((name) => [name, row[name] ?? null])))
      // The columns are named, so that one that a later version adds gets its own default.
      const columns = (prefix = '') => sql.join(names.map((name) => sql.ref(`${prefix}${name}`)))
      await sql`
        insert into model_calls (${columns()})
        select ${columns('own.')}
        from jsonb_populate_record(null::model_calls, ${storableJson(common)}::text::jsonb) as common,
          jsonb_populate_recordset(common, ${storableJson(owns)}::text::jsonb) as own
        on conflict (id) do nothing
      `.execute(db)
    },
    async noteGone(life) {
      // Locks the holder first, as the function that releases dead holders does.
      await sql`
        select release_budget_leases(h.holder) from (select holder from budget_holders where holder = ${life} for update) h
      `.execute(db)
      // What the process asked for just before its end may still be granted. The holder is noted as dead, so that this is released like any dead holder's.
      await sql`
        insert into budget_holders (holder, expires_at, adopted_at) values (${life}, now(), now()) on conflict do nothing
      `.execute(db)
    },
  }
}

function toRow(record: CallRecord): Record<string, unknown> {
  return {
    id: record.id,
    tenant: record.tenant,
    kind: record.kind,
    key_id: record.keyId,
    user_id: record.user,
    session_id: record.sessionId,
    turn: record.turn,
    step_id: record.stepId,
    agent: record.agent,
    model: record.model,
    provider: record.provider,
    price: record.price,
    price_known: record.priceKnown,
    attempt: record.attempt,
    first_call_id: record.firstCallId,
    is_streamed: record.isStreamed,
    started_at: new Date(record.startedAtMs).toISOString(),
    outcome: record.outcome,
    error_code: record.errorCode,
    input_tokens: record.inputTokens,
    output_tokens: record.outputTokens,
    cached_input_tokens: record.cachedInputTokens,
    reasoning_tokens: record.reasoningTokens,
    cost_usd: record.costUsd,
    measured: record.measured,
    duration_ms: record.durationMs,
    first_token_ms: record.firstTokenMs,
    receipt: record.receipt,
  }
}
