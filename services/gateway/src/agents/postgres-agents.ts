import { AgentCard, parseValue } from '@weft/contracts'
import { type Database, RowTime, sql, storableJson } from '@weft/database'
import { z } from 'zod'
import type { AgentStore, JoinedAgent } from './agent-store.ts'

const Row = z.object({ app_id: z.string(), card: AgentCard, registered_at: RowTime })

export function createPostgresAgents({ db }: Pick<Database, 'db'>): AgentStore {
  return {
    async list() {
      const { rows } = await sql`select app_id, card, registered_at from agents order by registered_at, app_id`.execute(db)
      return rows.map(toAgent)
    },
    async put(card) {
      const { rows } = await sql`
        insert into agents (app_id, card) values (${card.id}, ${storableJson(card)}::jsonb)
        on conflict (app_id) do update set card = excluded.card returning app_id, card, registered_at
      `.execute(db)
      return toAgent(rows[0])
    },
    async remove(id) {
      const { rows } = await sql`delete from agents where app_id = ${id} returning app_id`.execute(db)
      return rows.length > 0
    },
  }
}

function toAgent(row: unknown): JoinedAgent {
  const { app_id, card, registered_at } = parseValue(Row, row, 'an agent row')
  return { id: app_id, card, registeredAt: registered_at }
}
