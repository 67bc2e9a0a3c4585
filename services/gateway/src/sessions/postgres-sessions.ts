import { ChatMessage, Citation, parseValue, SessionEvent, WeftError } from '@weft/contracts'
import { type Database, deletedPlace, RowTime, sql } from '@weft/database'
import { findChangedSources } from '@weft/retrieval'
import { z } from 'zod'
import type { SessionRef } from './dapr-sessions.ts'
import type { LogTail, MessagePage, SessionListQuery, SessionLog, SessionMessage, SessionSummary } from './session-log.ts'

const SessionRow = z.object({
  id: z.string(),
  user_id: z.string().nullable(),
  status: z.string(),
  title: z.string(),
  created_at: RowTime,
  updated_at: RowTime,
  last_seq: z.coerce.number(),
})
const EventRow = z.object({
  seq: z.coerce.number(),
  at: RowTime,
  type: z.string(),
  turn: z.number(),
  step_id: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
})
const AskedRow = z.object({ messages: z.array(ChatMessage).nullable() })
const MessageRow = z.object({
  turn: z.number(),
  role: z.string(),
  at: RowTime,
  content: z.record(z.string(), z.unknown()),
  left: z.coerce.number(),
})

/** The events of one page, in bytes as they are stored (long text compressed), not counting the last. Every reader of a stream holds one page in memory. */
const pageBytesMax = 65_536
/** The messages of one page, in bytes as they are stored, not counting the last: a single question may have 8 MB. */
const messageBytesMax = 262_144

/** How many events of one turn are read at once. */
const turnEventsMax = 2_000

/** The event log's tables, read for clients; the orchestrator writes them. Every query names the tenant. */
export function createPostgresSessionLog({ db }: Pick<Database, 'db'>): SessionLog {
  return {
    list: (query) => listSessions(db, query),
    async find({ tenant, sessionId }) {
      const { rows } = await sql`
        select id, user_id, status, title, created_at, updated_at, last_seq from sessions where tenant = ${tenant} and id = ${sessionId}
      `.execute(db)
      return rows.map(toSummary)[0]
    },
    async isDeleted({ tenant, sessionId }) {
      const { rows } = await sql`select 1 from deleted_sessions where tenant = ${tenant} and id = ${sessionId}`.execute(db)
      return rows.length > 0
    },
    async eventsAfter({ tenant, sessionId }, seq, limit) {
      const { rows } = await sql`
        select seq, at, type, turn, step_id, data from (
          select *, sum(pg_column_size(data)) over (order by seq) - pg_column_size(data) as bytes_before from session_events
          where tenant = ${tenant} and session_id = ${sessionId} and seq > ${seq} order by seq limit ${limit}
        ) as page
        where bytes_before < ${pageBytesMax} order by seq
      `.execute(db)
      return rows.map((row) => toEvent(sessionId, row))
    },
    async turnEnds({ tenant, sessionId }, turn) {
      const { rows } = await sql`
        select seq, at, type, turn, step_id, data - 'messages' as data from session_events
        where tenant = ${tenant} and session_id = ${sessionId} and turn = ${turn}
          and type in ('turn.accepted', 'turn.completed', 'turn.failed', 'turn.cancelled')
        order by seq
      `.execute(db)
      return rows.map((row) => toEvent(sessionId, row))
    },
    async eventsOfTurn({ tenant, sessionId }, turn) {
      const { rows } = await sql`
        select seq, at, type, turn, step_id, data - 'messages' as data from session_events
        where tenant = ${tenant} and session_id = ${sessionId} and turn = ${turn} order by seq limit ${turnEventsMax}
      `.execute(db)
      return rows.map((row) => toEvent(sessionId, row))
    },
    async asked({ tenant, sessionId }, turn) {
      const { rows } = await sql`
        select data -> 'messages' as messages from session_events
        where tenant = ${tenant} and session_id = ${sessionId} and turn = ${turn} and type = 'turn.accepted'
      `.execute(db)
      return rows.flatMap((row) => parseValue(AskedRow, row, 'an event row').messages ?? [])
    },
    tail: (session) => readTail(db, session),
    messages: (session, page) => listMessages(db, session, page),
  }
}

type Db = Database['db']

async function listSessions(db: Db, { tenant, limit, after, status, user }: SessionListQuery) {
  if (after !== undefined) await requireInList(db, { tenant, sessionId: after })
  const { rows } = await sql`
    select id, user_id, status, title, created_at, updated_at, last_seq from sessions
    where tenant = ${tenant}
      and (${status ?? null}::text is null or status = ${status ?? null})
      and (${user ?? null}::text is null or user_id = ${user ?? null})
      and (${after ?? null}::text is null or (created_at, id) < (select place.created_at, place.id from (${placesOf({ tenant, sessionId: after ?? '' })}) place limit 1))
    order by created_at desc, id desc
    limit ${limit + 1}
  `.execute(db)
  return { data: rows.slice(0, limit).map(toSummary), hasMore: rows.length > limit }
}

/** Where a session stands in the list, or stood until it was deleted. */
function placesOf({ tenant, sessionId }: SessionRef) {
  return sql`
    select s.created_at, s.id from sessions s where s.tenant = ${tenant} and s.id = ${sessionId}
    union all
    ${deletedPlace({ tenant, list: 'sessions', id: sessionId })}`
}

async function requireInList(db: Db, session: SessionRef): Promise<void> {
  const { rows } = await placesOf(session).execute(db)
  if (rows.length === 0) throw new WeftError('invalid_request', `'after' names no session of this list`, { param: 'after' })
}

const TailRow = z.object({ last_seq: z.coerce.number().nullable(), open_turns: z.coerce.number() })

async function readTail(db: Db, { tenant, sessionId }: SessionRef): Promise<LogTail> {
  const { rows } = await sql`
    select max(seq) as last_seq,
      count(*) filter (where type = 'turn.accepted') - count(*) filter (where type in ('turn.completed', 'turn.failed', 'turn.cancelled')) as open_turns
    from session_events where tenant = ${tenant} and session_id = ${sessionId}
  `.execute(db)
  const row = parseValue(TailRow, rows[0], 'a session log')
  return { lastSeq: row.last_seq ?? 0, openTurns: row.open_turns }
}

/** A turn has one question and one answer, so its number and the role make a stable id. */
async function listMessages(db: Db, { tenant, sessionId }: SessionRef, { limit, after }: MessagePage) {
  const place = sql`turn, case role when 'user' then 0 else 1 end`
  const { rows } = await sql`
    select turn, role, at, content, "left" from (
      select *, count(*) over () as "left", sum(pg_column_size(content)) over (order by ${place}) - pg_column_size(content) as bytes_before
      from messages
      where tenant = ${tenant} and session_id = ${sessionId} and (${place}) > (${after?.turn ?? 0}::int, ${after?.part ?? 1}::int)
      order by ${place} limit ${limit}
    ) as page
    where bytes_before < ${messageBytesMax} order by ${place}
  `.execute(db)
  const messages = rows.map((row) => parseValue(MessageRow, row, 'a message row'))
  const data = await markChangedSources(db, tenant, messages.map(toMessage))
  return { data, hasMore: messages.some(({ left }) => left > messages.length) }
}

/** Says beside each citation when the text it quotes is no longer stored as it was. */
async function markChangedSources<T extends SessionMessage>(db: Db, tenant: string, messages: T[]): Promise<T[]> {
  const cited = messages.map(({ citations }) => Citation.array().safeParse(citations).data ?? [])
  const changed = await findChangedSources({ db }, { tenant, citations: cited.flat() })
  return messages.map((message, index) => {
    const citations = cited[index] ?? []
    if (!citations.some((citation) => changed.has(citation))) return message
    return { ...message, citations: citations.map((each) => (changed.has(each) ? { ...each, sourceChanged: true } : each)) }
  })
}

function toSummary(row: unknown): SessionSummary {
  const { id, user_id, status, title, created_at, updated_at, last_seq } = parseValue(SessionRow, row, 'a session row')
  const user = user_id === null ? {} : { user: user_id }
  return { id, object: 'session', status, title, ...user, createdAt: created_at, updatedAt: updated_at, lastSeq: last_seq }
}

function toEvent(sessionId: string, row: unknown): SessionEvent {
  const { data, step_id, ...event } = parseValue(EventRow, row, 'an event row')
  return parseValue(
    SessionEvent,
    { ...data, ...event, sessionId, ...(step_id === null ? {} : { stepId: step_id }) },
    'an event row',
  )
}

function toMessage({ turn, role, at, content }: z.infer<typeof MessageRow>): SessionMessage & { id: string } {
  return { id: `${turn}.${role}`, turn, role, at, content: content.content, ...rest(content) }
}

function rest({ citations, degraded }: Record<string, unknown>) {
  return { ...(citations === undefined ? {} : { citations }), ...(degraded === undefined ? {} : { degraded }) }
}
