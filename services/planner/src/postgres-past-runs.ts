import { parseValue } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import type { PastRun } from './core/learned-cost.ts'

const sessionsMax = 400
const eventsPerSessionMax = 100

const Row = z.object({
  agent: z.string(),
  capability: z.string(),
  cost_usd: z.coerce.number(),
  session_id: z.string(),
  turn: z.number(),
})

/** What the newest completed turns of a tenant did and cost, as the log tells. Forked steps cost nothing, so their turns are left out. */
export async function readPastRuns({ db }: Pick<Database, 'db'>, tenant: string): Promise<PastRun[]> {
  const { rows } = await sql`
    with newest as (
      select id from sessions where tenant = ${tenant} and status = 'completed' order by created_at desc, id desc limit ${sessionsMax}
    ), said as (
      select e.* from newest n cross join lateral (
        select session_id, turn, type, step_id, data from session_events where tenant = ${tenant} and session_id = n.id
          and type in ('plan.ready', 'step.succeeded', 'turn.completed') order by seq desc limit ${eventsPerSessionMax}
      ) e
    ), ended as (
      select session_id, turn from said where type = 'turn.completed'
      except select session_id, turn from said where type = 'step.succeeded' and data ? 'isReused'
    )
    select s.session_id, s.turn, p.step->>'agent' as agent, p.step->>'capability' as capability, s.data->>'costUsd' as cost_usd
    from ended join said s using (session_id, turn) join (
      select session_id, turn, step from said, jsonb_array_elements(data->'plan'->'steps') as step where type = 'plan.ready'
    ) p on p.session_id = s.session_id and p.turn = s.turn and p.step->>'stepId' = s.step_id
    where s.type = 'step.succeeded'
  `.execute(db)
  const runs = new Map<string, PastRun>()
  for (const row of rows) {
    const { session_id, turn, agent, capability, cost_usd } = parseValue(Row, row, 'a finished step')
    const run = runs.get(`${session_id}/${turn}`) ?? { steps: [] }
    run.steps.push({ agent, capability, costUsd: cost_usd })
    runs.set(`${session_id}/${turn}`, run)
  }
  return [...runs.values()]
}
