import { parseValue } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import type { RefusedTurns } from './refused-turns.ts'

const Row = z.object({ tenant: z.string(), session_id: z.string(), idempotency_key: z.string() })

/** A gateway looks after those it has refused for a minute and a half. */
const ownedSeconds = 120
const leftAtOnceMax = 100

export function createPostgresRefusedTurns({ db }: Pick<Database, 'db'>): RefusedTurns {
  return {
    async note({ tenant, sessionId, idempotencyKey }) {
      await sql`
        insert into refused_turns (tenant, session_id, idempotency_key) values (${tenant}, ${sessionId}, ${idempotencyKey})
        on conflict do nothing
      `.execute(db)
    },
    async forget({ tenant, sessionId, idempotencyKey }) {
      await sql`
        delete from refused_turns where tenant = ${tenant} and session_id = ${sessionId} and idempotency_key = ${idempotencyKey}
      `.execute(db)
    },
    async left() {
      await sql`delete from refused_turns where refused_at < now() - interval '1 day'`.execute(db)
      const { rows } = await sql`
        select tenant, session_id, idempotency_key from refused_turns
        where refused_at < now() - make_interval(secs => ${ownedSeconds}) order by refused_at limit ${leftAtOnceMax}
      `.execute(db)
      return rows.map((row) => {
        const { tenant, session_id: sessionId, idempotency_key: idempotencyKey } = parseValue(Row, row, 'a refused turn')
        return { tenant, sessionId, idempotencyKey }
      })
    },
  }
}
