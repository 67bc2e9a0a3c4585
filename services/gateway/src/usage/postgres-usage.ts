import { parseValue, WeftError } from '@weft/contracts'
import { type Database, type RawBuilder, RowTime, sql } from '@weft/database'
import { z } from 'zod'
import { readRemovedUntil } from '../audit/postgres-anchors.ts'
import type { CallQuery, UsageCall, UsageGroup, UsageLine, UsageRange, UsageStore } from './usage-store.ts'

/** Reads the ledger of calls for reports. Every query names the tenant. */
export function createPostgresUsage({ db }: Pick<Database, 'db'>): UsageStore {
  return {
    async sum({ groupBy, limit, ...range }) {
      const columns = groupBy.map((group) => sql`${groupColumns[group]} as ${sql.ref(group)}`)
      const places = groupBy.map((_, index) => sql.lit(index + 1))
      const day = groupBy.indexOf('day')
      const { rows } = await sql`
        select ${columns.length === 0 ? sql`` : sql`${sql.join(columns)},`} ${sums}
        from model_calls ${within(range)}
        ${places.length === 0 ? sql`` : sql`group by ${sql.join(places)}`}
        order by ${day < 0 ? sql`` : sql`${sql.lit(day + 1)},`} "costUsd" desc, calls desc
        limit ${limit + 1}
      `.execute(db)
      return { lines: rows.slice(0, limit).map((row) => toLine(row, groupBy)), hasMore: rows.length > limit }
    },
    async calls(query) {
      const { tenant, after, limit } = query
      if (after !== undefined) await requireCall(db, { tenant, id: after })
      const { rows } = await sql`
        select * from model_calls ${within(query)}
          and (${after ?? null}::text is null or (started_at, id) < (select last.started_at, last.id from model_calls last where last.id = ${after ?? null}))
          ${sql.join(filtersOf(query), sql` `)}
        order by started_at desc, id desc limit ${limit + 1}
      `.execute(db)
      return { data: rows.slice(0, limit).map(callOfRow), hasMore: rows.length > limit }
    },
    async find({ tenant, id }) {
      const { rows } = await sql`select * from model_calls where tenant = ${tenant} and id = ${id}`.execute(db)
      return rows.map(callOfRow)[0]
    },
    removedUntil: async (tenant) => (await readRemovedUntil({ db }, tenant)).calls,
  }
}

const groupColumns: Record<UsageGroup, RawBuilder<unknown>> = {
  model: sql`model`,
  user: sql`user_id`,
  agent: sql`agent`,
  session: sql`session_id`,
  day: sql`to_char(started_at at time zone 'UTC', 'YYYY-MM-DD')`,
  key: sql`key_id`,
  provider: sql`provider`,
  kind: sql`kind`,
  outcome: sql`outcome`,
}

const sums = sql`
  count(*) as calls, coalesce(sum(input_tokens), 0) as "inputTokens", coalesce(sum(cached_input_tokens), 0) as "cachedInputTokens",
  coalesce(sum(output_tokens), 0) as "outputTokens", coalesce(sum(reasoning_tokens), 0) as "reasoningTokens",
  coalesce(sum(cost_usd), 0) as "costUsd", count(*) filter (where not measured) as estimated_calls,
  coalesce(sum(cost_usd) filter (where not measured), 0) as estimated_usd`

function within({ tenant, fromMs, toMs }: UsageRange): RawBuilder<unknown> {
  return sql`where tenant = ${tenant} and started_at >= ${new Date(fromMs)} and started_at < ${new Date(toMs)}`
}

function filtersOf({ model, user, agent, session, outcome }: CallQuery): RawBuilder<unknown>[] {
  const wanted: [RawBuilder<unknown>, string | undefined][] = [
    [sql`model`, model],
    [sql`user_id`, user],
    [sql`agent`, agent],
    [sql`session_id`, session],
    [sql`outcome`, outcome],
  ]
  return [sql``, ...wanted.flatMap(([column, value]) => (value === undefined ? [] : [sql`and ${column} = ${value}`]))]
}

async function requireCall(db: Database['db'], { tenant, id }: { tenant: string; id: string }): Promise<void> {
  const { rows } = await sql`select 1 from model_calls where tenant = ${tenant} and id = ${id}`.execute(db)
  if (rows.length === 0) throw new WeftError('invalid_request', `'after' names no call of this list`, { param: 'after' })
}

const count = z.coerce.number()
const LineRow = z.looseObject({
  calls: count,
  inputTokens: count,
  cachedInputTokens: count,
  outputTokens: count,
  reasoningTokens: count,
  costUsd: count,
  estimated_calls: count,
  estimated_usd: count,
})
const GroupValue = z.string().nullable()

function toLine(row: unknown, groupBy: readonly UsageGroup[]): UsageLine {
  const { estimated_calls, estimated_usd, ...line } = parseValue(LineRow, row, 'a line of usage')
  const { calls, inputTokens, cachedInputTokens, outputTokens, reasoningTokens, costUsd } = line
  return {
    ...Object.fromEntries(groupBy.map((group) => [group, GroupValue.parse(line[group])])),
    calls,
    inputTokens,
    cachedInputTokens,
    outputTokens,
    reasoningTokens,
    costUsd,
    estimated: { calls: estimated_calls, costUsd: estimated_usd },
  }
}

const text = z.string().nullable()
const maybeCount = z.coerce.number().nullable()
const CallRow = z.object({
  id: z.string(),
  kind: z.string(),
  outcome: z.string(),
  error_code: text,
  model: z.string(),
  provider: z.string(),
  agent: z.string(),
  key_id: text,
  user_id: text,
  session_id: text,
  turn: z.number().nullable(),
  step_id: text,
  attempt: z.number(),
  first_call_id: z.string(),
  is_streamed: z.boolean(),
  started_at: RowTime,
  input_tokens: count,
  cached_input_tokens: maybeCount,
  output_tokens: count,
  reasoning_tokens: maybeCount,
  cost_usd: count,
  measured: z.boolean(),
  price_known: z.boolean(),
  price: z.record(z.string(), z.unknown()).nullable(),
  duration_ms: maybeCount,
  first_token_ms: maybeCount,
  receipt: z.unknown(),
})

export function callOfRow(row: unknown): UsageCall {
  const call = parseValue(CallRow, row, 'a call of a model')
  return {
    id: call.id,
    object: 'usage.call',
    startedAt: call.started_at,
    kind: call.kind,
    outcome: call.outcome,
    errorCode: call.error_code,
    model: call.model,
    provider: call.provider,
    agent: call.agent,
    keyId: call.key_id,
    user: call.user_id,
    sessionId: call.session_id,
    turn: call.turn,
    stepId: call.step_id,
    attempt: call.attempt,
    firstCallId: call.first_call_id,
    isStreamed: call.is_streamed,
    inputTokens: call.input_tokens,
    cachedInputTokens: call.cached_input_tokens,
    outputTokens: call.output_tokens,
    reasoningTokens: call.reasoning_tokens,
    costUsd: call.cost_usd,
    measured: call.measured,
    priceKnown: call.price_known,
    price: call.price,
    durationMs: call.duration_ms,
    firstTokenMs: call.first_token_ms,
    receipt: call.receipt,
  }
}
