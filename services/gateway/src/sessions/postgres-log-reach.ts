import { type Database, sql } from '@weft/database'

/** What the log is expected to show of a session: its events up to `seq`, or that it was deleted. */
export interface Reach {
  sessionId: string
  seq: number | 'deleted'
}

export interface LogReach {
  /** The ids of the sessions of which the log does not show that yet. */
  findBehind(tenant: string, reach: Reach[]): Promise<ReadonlySet<string>>
}

export function createPostgresLogReach({ db }: Pick<Database, 'db'>): LogReach {
  return {
    async findBehind(tenant, reach) {
      const ids = reach.map(({ sessionId }) => sessionId)
      const seqs = reach.map(({ seq }) => (seq === 'deleted' ? null : seq))
      const { rows } = await sql<{ id: string }>`
        select reach.id from unnest(${ids}::text[], ${seqs}::bigint[]) as reach(id, seq)
        where not exists (select 1 from sessions s where s.tenant = ${tenant} and s.id = reach.id and s.last_seq >= reach.seq)
          and not exists (select 1 from deleted_sessions d where d.tenant = ${tenant} and d.id = reach.id)
      `.execute(db)
      return new Set(rows.map(({ id }) => id))
    },
  }
}
