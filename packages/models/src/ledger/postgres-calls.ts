import { type Database, sql, storableJson } from '@weft/database'
import type { CallRecord } from './call-record.ts'

/** Where finished calls are kept for good. */
export interface CallStore {
  /** Keeps these calls, each once however often it is called. Throws WeftError when the database does not take them. */
  store(records: readonly CallRecord[]): Promise<void>
  /** This life of a process is over, and all its calls are stored: what budgets still hold for it is free. Throws as `store`. */
  noteGone(life: string): Promise<void>
  /** Forgets up to `limit` calls that began before `beforeMs`; answers how many. */
  forget(beforeMs: number, limit: number): Promise<number>
}

export function createPostgresCalls({ db }: Pick<Database, 'db'>): CallStore {
  return {
    async store(records) {
      if (records.length === 0) return
      await sql`
        insert into model_calls (
          id, tenant, kind, key_id, user_id, session_id, turn, step_id, agent, model, provider, price, price_known, attempt, first_call_id,
          is_streamed, started_at, outcome, error_code, input_tokens, output_tokens, cached_input_tokens, reasoning_tokens, cost_usd, measured,
          duration_ms, first_token_ms, receipt
        )
        select id, tenant, kind, key_id, user_id, session_id, turn, step_id, agent, model, provider, price, price_known, attempt, first_call_id,
          is_streamed, to_timestamp(started_at_ms / 1000.0), outcome, error_code, input_tokens, output_tokens, cached_input_tokens,
          reasoning_tokens, cost_usd, measured, duration_ms, first_token_ms, receipt
        from jsonb_to_recordset(${storableJson(records.map(toRow))}::text::jsonb) as row (
          id text, tenant text, kind text, key_id text, user_id text, session_id text, turn int, step_id text, agent text, model text,
          provider text, price jsonb, price_known boolean, attempt int, first_call_id text, is_streamed boolean, started_at_ms float8,
          outcome text, error_code text, input_tokens bigint, output_tokens bigint, cached_input_tokens bigint, reasoning_tokens bigint,
          cost_usd numeric, measured boolean, duration_ms float8, first_token_ms float8, receipt jsonb
        )
        on conflict (id) do nothing
      `.execute(db)
    },
    async noteGone(life) {
      await sql`update budget_holders set adopted_at = now() where holder = ${life}`.execute(db)
    },
    async forget(beforeMs, limit) {
      const { numAffectedRows = 0n } = await sql`
        delete from model_calls where id in (
          select id from model_calls where started_at < ${new Date(beforeMs)} order by started_at limit ${limit}
        )
      `.execute(db)
      return Number(numAffectedRows)
    },
  }
}

function toRow(record: CallRecord) {
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
    started_at_ms: record.startedAtMs,
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
