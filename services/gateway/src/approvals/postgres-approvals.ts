import { ApprovalView, type ChainedLine, parseValue, WeftError } from '@weft/contracts'
import { type Database, RowTime, sql } from '@weft/database'
import { z } from 'zod'
import { readAnchor } from '../audit/postgres-anchors.ts'
import type { ApprovalLog, HistoryQuery, PendingQuery } from './approval-log.ts'

type Db = Database['db']

const ApprovalRow = z.object({ approval: ApprovalView })
const EntryRow = z.object({
  position: z.coerce.number(),
  approval_id: z.string(),
  session_id: z.string(),
  seq: z.number(),
  at: RowTime,
  // Anything else than an object was not written by Weft: the line is read all the same, and its hash tells that it was changed.
  entry: z.record(z.string(), z.unknown()).catch({}),
  previous_hash: z.string(),
  hash: z.string(),
})

const PositionRow = z.object({ position: z.coerce.number() })
const LastRow = z.object({ tenant: z.string(), position: z.coerce.number() })

/** The approvals' tables, read for clients. Every query names the tenant. */
export function createPostgresApprovals({ db }: Pick<Database, 'db'>): ApprovalLog {
  return {
    pending: (query) => listPending(db, query),
    async find({ tenant, id }) {
      const { rows } = await sql`select approval from approvals where tenant = ${tenant} and id = ${id}`.execute(db)
      return rows.map(toApproval)[0]
    },
    async lastPosition(tenant) {
      const { rows } =
        await sql`select coalesce(max(position), 0) as position from approval_history where tenant = ${tenant}`.execute(db)
      return parseValue(PositionRow, rows[0], 'a history row').position
    },
    lastPositions: (tenants) => findLastPositions(db, tenants),
    history: (query) => listHistory(db, query),
    historyAnchor: (tenant) => readAnchor({ db }, { tenant, chain: 'approvals' }),
  }
}

/** Takes one look into the index for each tenant, however long the histories are. */
async function findLastPositions(db: Db, tenants: string[]): Promise<Map<string, number>> {
  const { rows } = await sql`
    select asked.tenant, last.position from unnest(${tenants}::text[]) as asked(tenant)
    cross join lateral (select position from approval_history h where h.tenant = asked.tenant order by position desc limit 1) as last
  `.execute(db)
  return new Map(rows.map((row) => parseValue(LastRow, row, 'a history row')).map(({ tenant, position }) => [tenant, position]))
}

async function listPending(db: Db, { tenant, assignees, sessionId, showsSnoozed, limit, after }: PendingQuery) {
  if (after !== undefined) await requireInList(db, tenant, after)
  const { rows } = await sql`
    select approval from approvals
    where tenant = ${tenant} and status = 'pending'
      and (${assignees ?? null}::text[] is null or assignees = '{}' or assignees && ${assignees ?? null}::text[])
      and (${sessionId ?? null}::text is null or ${sessionId ?? null} in (session_id, root_session_id))
      and (${showsSnoozed} or snoozed_until is null or snoozed_until <= now())
      and (${after ?? null}::text is null
        or (requested_at, id) > (select a.requested_at, a.id from approvals a where a.tenant = ${tenant} and a.id = ${after ?? null}))
    order by requested_at, id
    limit ${limit + 1}
  `.execute(db)
  return { data: rows.slice(0, limit).map(toApproval), hasMore: rows.length > limit }
}

async function requireInList(db: Db, tenant: string, id: string): Promise<void> {
  const { rows } = await sql`select 1 from approvals where tenant = ${tenant} and id = ${id}`.execute(db)
  if (rows.length === 0) throw new WeftError('invalid_request', `'after' names no approval of this list`, { param: 'after' })
}

async function listHistory(db: Db, { tenant, approvalId, limit, after }: HistoryQuery) {
  const { rows } = await sql`
    select position, approval_id, session_id, seq, at, entry, previous_hash, hash from approval_history
    where tenant = ${tenant} and position > ${after ?? 0}
      and (${approvalId ?? null}::text is null or approval_id = ${approvalId ?? null})
    order by position
    limit ${limit + 1}
  `.execute(db)
  return { data: rows.slice(0, limit).map(historyLineOfRow), hasMore: rows.length > limit }
}

function toApproval(row: unknown): ApprovalView {
  return parseValue(ApprovalRow, row, 'an approval row').approval
}

export function historyLineOfRow(row: unknown): ChainedLine {
  const { approval_id, session_id, previous_hash, ...rest } = parseValue(EntryRow, row, 'a history row')
  return { ...rest, approvalId: approval_id, sessionId: session_id, previousHash: previous_hash }
}
