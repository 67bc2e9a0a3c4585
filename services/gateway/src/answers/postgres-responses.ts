import { parseValue } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import type { ResponseStore } from './response-store.ts'

/** 30 days: OpenAI's API reference, responses. */
const keptDays = 30
/** How many expired responses are removed each time one is stored, so that the table does not grow. */
const expiredPerSave = 100

const Item = z.looseObject({ type: z.string().optional() })
const Row = z.object({
  id: z.string(),
  previous_id: z.string().nullable(),
  input: z.array(Item),
  response: z.looseObject({ output: z.array(Item) }),
})

export function createPostgresResponses({ db }: Pick<Database, 'db'>): ResponseStore {
  return {
    async save(tenant, { id, previousId = null, input, response }) {
      await sql`
        with expired as (
          delete from responses where (tenant, id) in (select tenant, id from responses where expires_at < now() limit ${expiredPerSave})
        )
        insert into responses (tenant, id, previous_id, input, response, expires_at)
        values (${tenant}, ${id}, ${previousId}, ${JSON.stringify(input)}::jsonb, ${JSON.stringify(response)}::jsonb,
          now() + ${keptDays} * interval '1 day')
        on conflict (tenant, id) do nothing
      `.execute(db)
    },
    async find(tenant, id) {
      const { rows } = await sql`
        select id, previous_id, input, response from responses where tenant = ${tenant} and id = ${id} and expires_at > now()
      `.execute(db)
      const [row] = rows.map((found) => parseValue(Row, found, 'a stored response'))
      if (row === undefined) return undefined
      const { previous_id, input, response } = row
      return { id: row.id, previousId: previous_id ?? undefined, input, response }
    },
    async delete(tenant, id) {
      const { rows } = await sql`delete from responses where tenant = ${tenant} and id = ${id} returning id`.execute(db)
      return rows.length > 0
    },
    async forgetTurn(tenant, { sessionId, turn }) {
      await sql`
        insert into forgotten_responses (tenant, session_id, turn) values (${tenant}, ${sessionId}, ${turn}) on conflict do nothing
      `.execute(db)
    },
    async isForgotten(tenant, { sessionId, turn }) {
      const { rows } = await sql`
        select from forgotten_responses where tenant = ${tenant} and session_id = ${sessionId} and turn = ${turn}
      `.execute(db)
      return rows.length > 0
    },
  }
}
