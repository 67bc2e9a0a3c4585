import { ApprovalView, type ChainedLine, hashHistoryLine, historyStart, parseJson } from '@weft/contracts'
import { type Database, sql, storableJson } from '@weft/database'
import { z } from 'zod'
import type { EventRow } from './postgres-event-rows.ts'

type Db = Database['db']

const Told = z.object({ approval: ApprovalView, entry: z.looseObject({ kind: z.string(), by: z.string() }) })

interface Change {
  tenant: string
  sessionId: string
  seq: number
  at: string
  approval: ApprovalView
  entry: Record<string, unknown>
}

/**
 * Keeps what a batch of events tells of approvals: each one's newest state, a line of its tenant's history, and who is to be notified.
 * Has to run in the transaction that writes the events. Told again, it keeps nothing twice.
 */
export async function recordApprovals(db: Db, batch: EventRow[]): Promise<void> {
  const changes = batch.flatMap(changeOf)
  const tenants = [...new Set(changes.map((change) => change.tenant))].toSorted()
  for (const tenant of tenants) {
    const own = changes.filter((change) => change.tenant === tenant)
    await sql`select pg_advisory_xact_lock(hashtextextended(${`approval history of ${tenant}`}, 0))`.execute(db)
    const fresh = await appendHistory(db, tenant, own)
    await keepNewest(db, fresh)
    await queueNotifications(db, fresh)
  }
}

function changeOf({ tenant, sessionId, event }: EventRow): Change[] {
  const told = Told.safeParse(event)
  if (!told.success) return []
  return [{ tenant, sessionId, seq: event.seq, at: event.at, ...told.data }]
}

const Last = z.object({ position: z.coerce.number(), hash: z.string() })
const Known = z.object({ session_id: z.string(), seq: z.number() })

/** Answers the changes that were not in the history yet. */
async function appendHistory(db: Db, tenant: string, changes: Change[]): Promise<Change[]> {
  const wanted = storableJson(changes.map(({ sessionId, seq }) => ({ session_id: sessionId, seq })))
  const known = await sql`
    select h.session_id, h.seq from approval_history h
    join jsonb_to_recordset(${wanted}::jsonb) as wanted(session_id text, seq int) on h.session_id = wanted.session_id and h.seq = wanted.seq
    where h.tenant = ${tenant}
  `.execute(db)
  const keys = new Set(
    z
      .array(Known)
      .parse(known.rows)
      .map(({ session_id, seq }) => `${session_id}/${seq}`),
  )
  const fresh = changes.filter(({ sessionId, seq }) => !keys.has(`${sessionId}/${seq}`))
  if (fresh.length === 0) return []
  const newest = await sql`
    select position, hash from approval_history where tenant = ${tenant} order by position desc limit 1
  `.execute(db)
  const [last] = z.array(Last).parse(newest.rows)
  await insertLines(db, tenant, chain(last ?? { position: 0, hash: historyStart }, fresh))
  return fresh
}

function chain(last: { position: number; hash: string }, changes: Change[]): ChainedLine[] {
  const lines: ChainedLine[] = []
  for (const { sessionId, seq, at, approval, entry } of changes) {
    const before = lines.at(-1) ?? last
    const line = { position: before.position + 1, approvalId: approval.id, sessionId, seq, at, entry: entryOf(approval, entry) }
    lines.push({ ...line, previousHash: before.hash, hash: hashHistoryLine(before.hash, line) })
  }
  return lines
}

const Entry = z.record(z.string(), z.unknown())

/** What was done, and to what: the hash stands for the arguments. As the table can hold it, so that it reads back the same. */
function entryOf({ turn, stepId, agent, capability, action, hash, status, rootSessionId }: ApprovalView, entry: Change['entry']) {
  const whole = { ...entry, status, turn, stepId, agent, capability, action, boundTo: hash, rootSessionId }
  return parseJson(Entry, storableJson(whole), 'a history entry')
}

async function insertLines(db: Db, tenant: string, lines: ChainedLine[]): Promise<void> {
  const rows = lines.map(({ approvalId, sessionId, previousHash, ...line }) => ({
    ...line,
    approval_id: approvalId,
    session_id: sessionId,
    previous_hash: previousHash,
  }))
  await sql`
    insert into approval_history (tenant, position, approval_id, session_id, seq, at, entry, previous_hash, hash)
    select ${tenant}, position, approval_id, session_id, seq, at, entry, previous_hash, hash
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row(
      position bigint, approval_id text, session_id text, seq int, at timestamptz, entry jsonb, previous_hash text, hash text
    )
  `.execute(db)
}

/** A deleted session's approvals are in no list any more. */
async function keepNewest(db: Db, changes: Change[]): Promise<void> {
  const newest = new Map(changes.map((change) => [change.approval.id, change]))
  const rows = [...newest.values()].map(({ tenant, seq, approval }) => ({
    tenant,
    id: approval.id,
    session_id: approval.sessionId,
    root_session_id: approval.rootSessionId,
    status: approval.status,
    risk: approval.risk,
    assignees: approval.assignees,
    requested_at: approval.requestedAt,
    deadline: approval.deadline ?? null,
    snoozed_until: approval.snoozedUntil ?? null,
    seq,
    approval,
  }))
  await sql`
    insert into approvals (
      tenant, id, session_id, root_session_id, status, risk, assignees, requested_at, deadline, snoozed_until, seq, approval
    )
    select tenant, id, session_id, root_session_id, status, risk,
      array(select jsonb_array_elements_text(row.assignees)), requested_at, deadline, snoozed_until, seq, approval
    from jsonb_to_recordset(${storableJson(rows)}::jsonb) as row(
      tenant text, id text, session_id text, root_session_id text, status text, risk text, assignees jsonb, requested_at timestamptz,
      deadline timestamptz, snoozed_until timestamptz, seq int, approval jsonb
    )
    where not exists (select 1 from deleted_sessions gone where gone.tenant = row.tenant and gone.id = row.session_id)
    on conflict (tenant, id) do update set
      status = excluded.status, assignees = excluded.assignees, deadline = excluded.deadline, snoozed_until = excluded.snoozed_until,
      seq = excluded.seq, approval = excluded.approval
    where approvals.seq < excluded.seq
  `.execute(db)
}

/** Votes, comments and snoozes of others are read where one looks, not sent around. */
const toldKinds = new Set(['requested', 'decided', 'delegated', 'reminded', 'escalated', 'outdated'])

/** Whom a change asks to decide. Who was asked before somebody gave a seat away has had a letter. */
function askedBy({ kind, to }: Change['entry'], { assignees }: ApprovalView): string[] {
  if (kind === 'delegated') return assignees.filter((assignee) => assignee === to)
  return kind === 'requested' || kind === 'reminded' || kind === 'escalated' ? assignees : []
}

/** One row for each channel that is told; whoever delivers decides whether it can. Of a deleted session nothing is told any more. */
async function queueNotifications(db: Db, changes: Change[]): Promise<void> {
  const told = changes.filter(({ entry }) => toldKinds.has(String(entry.kind)))
  const rows = told.flatMap(({ tenant, seq, approval, entry, at }) => {
    const base = {
      tenant,
      approval_id: approval.id,
      seq,
      session_id: approval.sessionId,
      payload: { type: `approval.${String(entry.kind)}`, timestamp: at, data: approval },
    }
    const mailed = askedBy(entry, approval).filter((assignee) => assignee.includes('@'))
    return [
      { ...base, channel: 'pubsub', target: 'approvals' },
      ...mailed.map((target) => ({ ...base, channel: 'email', target })),
    ]
  })
  if (rows.length === 0) return
  await sql`
    with told as (
      select * from jsonb_to_recordset(${storableJson(rows)}::jsonb)
        as row(tenant text, channel text, target text, approval_id text, session_id text, seq int, payload jsonb)
      where not exists (select 1 from deleted_sessions gone where gone.tenant = row.tenant and gone.id = row.session_id)
    ), hooked as (
      select distinct told.tenant, 'webhook' as channel, webhooks.id as target, told.approval_id, told.seq, told.payload
      from told join webhooks on webhooks.tenant = told.tenant where told.channel = 'pubsub'
    )
    insert into notifications (tenant, channel, target, approval_id, seq, payload)
    select tenant, channel, target, approval_id, seq, payload from told union all select * from hooked
    on conflict do nothing
  `.execute(db)
}
