import {
  ApprovalView,
  type ChainEnd,
  type ChainedLine,
  chainAfter,
  chainStart,
  hashHistoryLine,
  parseJson,
  parseValue,
} from '@weft/contracts'
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
 * Keeps what a batch of events tells of approvals: each approval's newest state, a line of its tenant's history for each event, and whom to notify.
 * Has to run in the transaction that writes the events. Events that are told again change nothing. It takes only three statements a tenant, because an
 * embedded database runs one transaction at a time and serves nobody else until the transaction ends.
 */
export async function recordApprovals(db: Db, batch: EventRow[]): Promise<void> {
  const changes = batch.flatMap(changeOf)
  const tenants = [...new Set(changes.map((change) => change.tenant))].toSorted()
  for (const tenant of tenants) {
    const own = changes.filter((change) => change.tenant === tenant)
    await sql`select pg_advisory_xact_lock(hashtextextended(${`approval history of ${tenant}`}, 0))`.execute(db)
    const { last, known } = await readHistory(db, tenant, own)
    const fresh = own.filter((change) => !known.has(keyOf(change)))
    if (fresh.length > 0) await keep(db, tenant, { fresh, lines: chain(last, fresh) })
  }
}

function changeOf({ tenant, sessionId, event }: EventRow): Change[] {
  const told = Told.safeParse(event)
  if (!told.success) return []
  return [{ tenant, sessionId, seq: event.seq, at: event.at, ...told.data }]
}

const History = z.object({
  newest: z.object({ position: z.number(), hash: z.string() }).nullable(),
  known: z.array(z.object({ sessionId: z.string(), seq: z.number() })),
})

function keyOf({ sessionId, seq }: { sessionId: string; seq: number }): string {
  return `${sessionId}/${seq}`
}

/** The end of the chain, and which of the changes are in it already. */
async function readHistory(db: Db, tenant: string, changes: Change[]) {
  const wanted = storableJson(changes.map(({ sessionId, seq }) => ({ session_id: sessionId, seq })))
  const { rows } = await sql`
    select
      (
        select jsonb_build_object('position', position, 'hash', hash) from approval_history
        where tenant = ${tenant} order by approval_history.position desc limit 1
      ) as newest,
      (
        select coalesce(jsonb_agg(jsonb_build_object('sessionId', h.session_id, 'seq', h.seq)), '[]')
        from approval_history h join jsonb_to_recordset(${wanted}::jsonb) as wanted(session_id text, seq int)
          on h.session_id = wanted.session_id and h.seq = wanted.seq
        where h.tenant = ${tenant}
      ) as known
  `.execute(db)
  const { newest, known } = parseValue(History, rows[0], 'the history of approvals')
  return { last: newest ?? chainStart, known: new Set(known.map(keyOf)) }
}

function chain(last: ChainEnd, changes: Change[]): ChainedLine[] {
  const lines = changes.map(({ sessionId, seq, at, approval, entry }) => {
    return { approvalId: approval.id, sessionId, seq, at, entry: entryOf(approval, entry) }
  })
  return chainAfter(last, lines, hashHistoryLine)
}

const Entry = z.record(z.string(), z.unknown())

/**
 * What was done, and to what; the hash stands for the arguments. It is brought into the form in which the table holds it, because the chain's hash has to be
 * that of what is read back.
 */
function entryOf({ turn, stepId, agent, capability, action, hash, status, rootSessionId }: ApprovalView, entry: Change['entry']) {
  const whole = { ...entry, status, turn, stepId, agent, capability, action, boundTo: hash, rootSessionId }
  return parseJson(Entry, storableJson(whole), 'a history entry')
}

/**
 * In one statement: the lines, the approvals as they are now, and a notification for each channel (`hooked`: a row for each webhook; `lettered`: a letter for
 * each key that may decide and has an address as its name). Of a deleted session only the lines are kept.
 */
async function keep(db: Db, tenant: string, { fresh, lines }: { fresh: Change[]; lines: ChainedLine[] }): Promise<void> {
  await sql`
    with line_rows as (
      select * from jsonb_to_recordset(${JSON.stringify(lines.map(lineRow))}::jsonb) as row(
        position bigint, approval_id text, session_id text, seq int, at timestamptz, entry jsonb, previous_hash text, hash text
      )
    ), approval_rows as (
      select * from jsonb_to_recordset(${storableJson(approvalRows(fresh))}::jsonb) as row(
        id text, session_id text, root_session_id text, status text, risk text, assignees jsonb, requested_at timestamptz,
        deadline timestamptz, snoozed_until timestamptz, seq int, approval jsonb
      )
      where not exists (select 1 from deleted_sessions gone where gone.tenant = ${tenant} and gone.id = row.session_id)
    ), told as (
      select * from jsonb_to_recordset(${storableJson(fresh.flatMap(notificationRows))}::jsonb) as row(
        channel text, target text, approval_id text, session_id text, seq int, payload jsonb
      )
      where not exists (select 1 from deleted_sessions gone where gone.tenant = ${tenant} and gone.id = row.session_id)
    ), hooked as (
      select distinct 'webhook' as channel, webhooks.id as target, told.approval_id, told.seq, told.payload
      from told join webhooks on webhooks.tenant = ${tenant} where told.channel = 'pubsub'
    ), lettered as (
      select distinct 'email' as channel, api_keys.name as target, told.approval_id, told.seq, told.payload
      from told join api_keys on api_keys.tenant = ${tenant} and (told.channel = 'anybody' or told.target = any(api_keys.roles))
      where told.channel in ('anybody', 'role') and api_keys.name like '%@%' and api_keys.scopes && array['approve', 'admin']
        and api_keys.revoked_at is null and (api_keys.expires_at is null or api_keys.expires_at > now())
    ), chained as (
      insert into approval_history (tenant, position, approval_id, session_id, seq, at, entry, previous_hash, hash)
      select ${tenant}, position, approval_id, session_id, seq, at, entry, previous_hash, hash from line_rows
    ), kept as (
      insert into approvals (
        tenant, id, session_id, root_session_id, status, risk, assignees, requested_at, deadline, snoozed_until, seq, approval
      )
      select ${tenant}, id, session_id, root_session_id, status, risk,
        array(select jsonb_array_elements_text(assignees)), requested_at, deadline, snoozed_until, seq, approval
      from approval_rows
      on conflict (tenant, id) do update set
        status = excluded.status, assignees = excluded.assignees, deadline = excluded.deadline, snoozed_until = excluded.snoozed_until,
        seq = excluded.seq, approval = excluded.approval
      where approvals.seq < excluded.seq
    )
    insert into notifications (tenant, channel, target, approval_id, seq, payload)
    select ${tenant}, channel, target, approval_id, seq, payload from told where channel not in ('anybody', 'role')
    union all select ${tenant}, channel, target, approval_id, seq, payload from hooked
    union all select ${tenant}, channel, target, approval_id, seq, payload from lettered
    on conflict do nothing
  `.execute(db)
}

function lineRow({ approvalId, sessionId, previousHash, ...line }: ChainedLine) {
  return { ...line, approval_id: approvalId, session_id: sessionId, previous_hash: previousHash }
}

/** One row for each approval, by its newest change. */
function approvalRows(changes: Change[]) {
  const newest = new Map(changes.map((change) => [change.approval.id, change]))
  return [...newest.values()].map(({ seq, approval }) => ({
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
}

/** What people are notified of. Votes, comments and snoozes of others are only shown where one looks at the approval. */
const notifiedKinds = new Set(['requested', 'decided', 'delegated', 'reminded', 'escalated', 'outdated'])

/**
 * Whom a change asks to decide, and so gets a letter: `anybody` where no one is named. Of a delegation only the new assignee, since the others were asked
 * before.
 */
function askedBy({ kind, to }: Change['entry'], { assignees }: ApprovalView): string[] {
  if (kind === 'delegated') return assignees.filter((assignee) => assignee === to)
  if (kind !== 'requested' && kind !== 'reminded' && kind !== 'escalated') return []
  return assignees.length === 0 ? [anybody] : assignees
}

const anybody = ''
const rolePrefix = 'role:'

/**
 * A row for each channel that is told. Rows of the channels `role` and `anybody` stand for all keys with that role, or that may decide at all: the statement
 * that writes the notifications makes letters of them. Whether a notification can be delivered is found when that is tried.
 */
function notificationRows({ seq, approval, entry, at }: Change) {
  if (!notifiedKinds.has(String(entry.kind))) return []
  const base = {
    approval_id: approval.id,
    seq,
    session_id: approval.sessionId,
    payload: { type: `approval.${String(entry.kind)}`, timestamp: at, data: approval },
  }
  const asked = askedBy(entry, approval).flatMap((assignee) => {
    if (assignee === anybody) return [{ ...base, channel: 'anybody', target: anybody }]
    if (assignee.startsWith(rolePrefix)) return [{ ...base, channel: 'role', target: assignee.slice(rolePrefix.length) }]
    return assignee.includes('@') ? [{ ...base, channel: 'email', target: assignee }] : []
  })
  return [{ ...base, channel: 'pubsub', target: 'approvals' }, ...asked]
}
