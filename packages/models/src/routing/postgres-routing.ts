import { parseValue } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { outcomeKinds, RouteChoice, type RoutingStore } from './routing-store.ts'

const Row = z.object({
  seq: z.coerce.number(),
  writer: z.string(),
  kind: z.enum(outcomeKinds),
  reward: z.coerce.number(),
  output_tokens: z.coerce.number().nullable(),
  choice: RouteChoice,
})

/** Keeps choices so that later feedback finds them. Each outcome is stored with its choice. */
export function createPostgresRouting({ db }: Pick<Database, 'db'>): RoutingStore {
  return {
    async save({ choices, outcomes, writer }) {
      if (choices.length > 0)
        await sql`
          insert into routing_choices (id, tenant, session_id, turn, choice)
          select row->>'id', row->>'tenant', row->>'sessionId', (row->>'turn')::int, row
          from jsonb_array_elements(${JSON.stringify(choices)}::text::jsonb) as row
          on conflict (id) do nothing
        `.execute(db)
      if (outcomes.length > 0)
        await sql`
          insert into routing_outcomes (tenant, writer, kind, reward, output_tokens, choice)
          select row->'choice'->>'tenant', ${writer}, row->>'kind', (row->>'reward')::float8, (row->>'outputTokens')::int, row->'choice'
          from jsonb_array_elements(${JSON.stringify(outcomes)}::text::jsonb) as row
        `.execute(db)
    },
    async outcomes({ perTenantMax, afterSeq }) {
      const { rows } = await sql`
        select seq, writer, kind, reward, output_tokens, choice
        from (
          select *, row_number() over (partition by tenant order by seq desc) as age from routing_outcomes where seq > ${afterSeq}
        ) as newest
        where age <= ${perTenantMax} order by seq limit ${outcomesReadMax}
      `.execute(db)
      return rows.map((row) => {
        const { output_tokens: outputTokens, ...outcome } = parseValue(Row, row, 'a routing outcome')
        return { ...outcome, ...(outputTokens === null ? {} : { outputTokens }) }
      })
    },
    async forget(beforeMs) {
      const before = new Date(beforeMs)
      await sql`delete from routing_choices where at < ${before}`.execute(db)
      await sql`delete from routing_outcomes where at < ${before}`.execute(db)
    },
  }
}

/** Enough for 20 tenants with all outcomes that they may keep. */
const outcomesReadMax = 40_000
