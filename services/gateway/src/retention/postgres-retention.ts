import { parseValue } from '@weft/contracts'
import { type Database, type RawBuilder, RowTime, sql } from '@weft/database'
import { z } from 'zod'
import { readRemovedUntil } from '../audit/postgres-anchors.ts'
import { appendAuditLines } from '../audit/postgres-audit.ts'
import { callOfRow } from '../usage/postgres-usage.ts'
import type { Due, OldSession, RetentionStore } from './retention-store.ts'

type Db = Database['db']

const leaseS = 30
const dayS = 86_400
/** The statuses of sessions that have ended. Listed by name, so that a session with a status of a later version of Weft stays. */
const ended = sql`('completed', 'failed', 'cancelled')`

const SessionRow = z.object({
  id: z.string(),
  root: z.string(),
  updated_at: z.string(),
  last_seq: z.number(),
  archived_seq: z.number().nullable(),
})
const TenantRow = z.object({ tenant: z.string() })
const IdRow = z.object({ id: z.string() })
const CountRow = z.object({ count: z.coerce.number(), oldest: RowTime.nullable() })

const chainTables = { audit: sql`audit_log`, approvals: sql`approval_history` } as const

/** Finds and removes what is old in the database. Every query names a tenant, except the one that lists the tenants. */
export function createPostgresRetention({ db }: Pick<Database, 'db'>): RetentionStore {
  return {
    tenants: () => findTenants(db),
    ...leases(db),
    due: (tenant, limits) => countDue(db, tenant, limits),
    ...sessionsOf(db),
    async oldCalls({ tenant, days, limit }) {
      const { rows } = await sql`
        select * from model_calls where tenant = ${tenant} and started_at < ${callsBefore(days)} order by started_at, id limit ${limit}
      `.execute(db)
      return rows.map(callOfRow)
    },
    async removeCalls(tenant, calls, { by, note }) {
      const until = calls.at(-1)?.startedAt
      if (until === undefined) return
      await db.transaction().execute(async (transaction) => {
        await sql`
          with removed as (delete from model_calls where tenant = ${tenant} and id = any(${calls.map(({ id }) => id)}::text[]))
          insert into retention_anchors (tenant, history, removed_until) values (${tenant}, 'calls', ${until})
          on conflict (tenant, history) do update
          set removed_until = greatest(retention_anchors.removed_until, excluded.removed_until), moved_at = now()
        `.execute(transaction)
        await appendAuditLines(transaction, tenant, { by, notes: [note] })
      })
    },
    async removeLines({ tenant, chain, last }, { by, note }) {
      const { position, hash, at } = last
      await db.transaction().execute(async (transaction) => {
        // The anchor is written first, because only lines up to an anchor may be removed.
        await sql`
          insert into retention_anchors (tenant, history, removed_until, position, hash) values (${tenant}, ${chain}, ${at}, ${position}, ${hash})
          on conflict (tenant, history) do update
          set removed_until = excluded.removed_until, position = excluded.position, hash = excluded.hash, moved_at = now()
          where retention_anchors.position < excluded.position
        `.execute(transaction)
        await sql`delete from ${chainTables[chain]} where tenant = ${tenant} and position <= ${position}`.execute(transaction)
        await appendAuditLines(transaction, tenant, { by, notes: [note] })
      })
    },
    removedUntil: (tenant) => readRemovedUntil({ db }, tenant),
  }
}

/** Steps from one tenant to the next by the index, because there may be millions of rows of each. */
async function findTenants(db: Db): Promise<string[]> {
  const tenants = new Set<string>()
  for (const table of ['sessions', 'model_calls', 'audit_log', 'approval_history']) {
    const { rows } = await sql`
      with recursive known as (
        (select tenant from ${sql.table(table)} order by tenant limit 1)
        union all
        select (select t.tenant from ${sql.table(table)} t where t.tenant > known.tenant order by t.tenant limit 1)
        from known where known.tenant is not null
      )
      select tenant from known where tenant is not null
    `.execute(db)
    for (const row of rows) tenants.add(parseValue(TenantRow, row, 'a tenant').tenant)
  }
  return [...tenants].toSorted()
}

function leases(db: Db): Pick<RetentionStore, 'holdLease' | 'releaseLease'> {
  return {
    async holdLease(tenant, holder) {
      const { rows } = await sql`
        insert into retention_leases (tenant, holder, expires_at) values (${tenant}, ${holder}, now() + make_interval(secs => ${leaseS}))
        on conflict (tenant) do update set holder = excluded.holder, expires_at = excluded.expires_at
        where retention_leases.holder = excluded.holder or retention_leases.expires_at < now()
        returning tenant
      `.execute(db)
      return rows.length > 0
    },
    async releaseLease(tenant, holder) {
      await sql`delete from retention_leases where tenant = ${tenant} and holder = ${holder}`.execute(db)
    },
  }
}

function sessionsOf(db: Db): Pick<RetentionStore, 'oldSessions' | 'families' | 'noteArchived' | 'unfinished'> {
  const columns = sql`s.id, s.updated_at::text as updated_at, s.last_seq, s.archived_seq`
  return {
    async oldSessions({ tenant, days, after, limit }) {
      const { updatedAt = '-infinity', sessionId = '' } = after ?? {}
      const { rows } = await sql`
        select ${columns}, s.id as root from sessions s
        where ${isOld(tenant, days)} and (s.updated_at, s.id) > (${updatedAt}::timestamptz, ${sessionId})
        order by s.updated_at, s.id limit ${limit}
      `.execute(db)
      return rows.map(toSession)
    },
    async families(tenant, roots) {
      const { rows } = await sql`
        select ${columns}, case when s.id = any(${roots}::text[]) then s.id else s.root_session_id end as root from sessions s
        where s.tenant = ${tenant} and (s.id = any(${roots}::text[]) or s.root_session_id = any(${roots}::text[]))
      `.execute(db)
      return rows.map(toSession)
    },
    async noteArchived(tenant, sessions) {
      const seqs = sessions.map(({ sessionId, lastSeq }) => ({ id: sessionId, seq: lastSeq }))
      await sql`
        update sessions s set archived_seq = row.seq
        from jsonb_to_recordset(${JSON.stringify(seqs)}::jsonb) as row(id text, seq int)
        where s.tenant = ${tenant} and s.id = row.id
      `.execute(db)
    },
    async unfinished(tenant, sessionIds) {
      const { rows } = await sql`
        select id from sessions where tenant = ${tenant} and id = any(${sessionIds}::text[]) and status not in ${ended}
      `.execute(db)
      return new Set(rows.map((row) => parseValue(IdRow, row, 'a session').id))
    },
  }
}

function cutOff(days: number): RawBuilder<unknown> {
  return sql`now() - make_interval(secs => ${days * dayS})`
}

/** Calls of the current month always stay, because a budget that is made for the month or a day of it is filled from them. */
function callsBefore(days: number): RawBuilder<unknown> {
  return sql`least(${cutOff(days)}, date_trunc('month', now(), 'UTC'))`
}

/** True of a session `s` that has ended long enough ago, with all sessions that it opened, and whose own opener, if any, is no longer there. */
function isOld(tenant: string, days: number): RawBuilder<unknown> {
  return sql`
    s.tenant = ${tenant} and s.status in ${ended} and s.updated_at < ${cutOff(days)}
    and not exists (select from sessions root where root.tenant = s.tenant and root.id = s.root_session_id)
    and not exists (
      select from sessions child where child.tenant = s.tenant and child.root_session_id = s.id
        and (child.status not in ${ended} or child.updated_at >= ${cutOff(days)})
    )`
}

function toSession(row: unknown): OldSession {
  const { id, root, updated_at, last_seq, archived_seq } = parseValue(SessionRow, row, 'a session row')
  return {
    sessionId: id,
    rootSessionId: root,
    updatedAt: updated_at,
    lastSeq: last_seq,
    archivedSeq: archived_seq ?? undefined,
  }
}

async function countDue(db: Db, tenant: string, limits: Parameters<RetentionStore['due']>[1]): Promise<Due> {
  const { sessions, calls, audit } = limits
  const count = async (days: number | undefined, query: (days: number) => RawBuilder<unknown>) => {
    if (days === undefined) return { count: 0, oldest: undefined }
    const { rows } = await query(days).execute(db)
    const { oldest, ...row } = parseValue(CountRow, rows[0], 'a count')
    return { ...row, oldest: oldest ?? undefined }
  }
  const lines = (table: RawBuilder<unknown>) => (days: number) =>
    sql`
    select count(*) as count, min(at) as oldest from ${table} where tenant = ${tenant} and at < ${cutOff(days)}
      and position < (select max(position) from ${table} where tenant = ${tenant})`
  return {
    sessions: await count(
      sessions,
      (days) => sql`select count(*) as count, min(s.updated_at) as oldest from sessions s where ${isOld(tenant, days)}`,
    ),
    calls: await count(
      calls,
      (days) => sql`
        select count(*) as count, min(started_at) as oldest from model_calls
        where tenant = ${tenant} and started_at < ${callsBefore(days)}`,
    ),
    audit: await count(audit, lines(chainTables.audit)),
    approvals: await count(audit, lines(chainTables.approvals)),
  }
}
