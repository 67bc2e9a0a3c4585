import { ChatMessage, type SessionEvent, TurnAnswer, TurnStatus } from '@weft/contracts'
import { type Database, sql, storableJson } from '@weft/database'

/** One event on its way into the log, with its session. */
export interface EventRow {
  actorId: string
  tenant: string
  sessionId: string
  user: string | undefined
  event: SessionEvent
}

/** One statement a batch: the events, the sessions they change and the messages they carry. */
export async function insertEvents(db: Database['db'], batch: EventRow[]): Promise<void> {
  const events = batch.map(({ tenant, sessionId, event }) => {
    const { seq, at, type, turn, stepId, sessionId: _, ...data } = withoutLongMessages(event)
    return { tenant, session_id: sessionId, seq, at, type, turn, step_id: stepId ?? null, data }
  })
  await sql`
    with event_rows as (
      select * from jsonb_to_recordset(${storableJson(events)}::jsonb)
        as row(tenant text, session_id text, seq int, at timestamptz, type text, turn int, step_id text, data jsonb)
    ), session_rows as (
      select * from jsonb_to_recordset(${storableJson(sessionRows(batch))}::jsonb)
        as row(tenant text, id text, user_id text, status text, root_session_id text, title text, at timestamptz, last_seq int)
    ), message_rows as (
      select * from jsonb_to_recordset(${storableJson(batch.flatMap(messageRows))}::jsonb)
        as row(tenant text, session_id text, turn int, role text, content jsonb, at timestamptz)
    ), upserted as (
      insert into sessions (tenant, id, user_id, status, root_session_id, title, created_at, updated_at, last_seq)
      select tenant, id, user_id, coalesce(status, 'running'), root_session_id, title, at, at, last_seq from session_rows
      where ${notDeleted('session_rows', 'id')}
      on conflict (tenant, id) do update set
        status = coalesce(
          (select told.status from session_rows told where told.tenant = excluded.tenant and told.id = excluded.id), sessions.status
        ),
        updated_at = excluded.updated_at, last_seq = excluded.last_seq, compacted_at = null,
        root_session_id = coalesce(sessions.root_session_id, excluded.root_session_id),
        user_id = coalesce(sessions.user_id, excluded.user_id)
      where sessions.last_seq < excluded.last_seq
    ), said as (
      insert into messages (tenant, session_id, turn, role, content, at)
      select tenant, session_id, turn, role, content, at from message_rows
      where ${notDeleted('message_rows', 'session_id')}
      on conflict do nothing
    )
    insert into session_events (tenant, session_id, seq, at, type, turn, step_id, data)
    select tenant, session_id, seq, at, type, turn, step_id, data from event_rows
    where ${notDeleted('event_rows', 'session_id')}
    on conflict do nothing
  `.execute(db)
}

/** What comes late of a deleted session is not written any more. */
function notDeleted(rows: string, id: string) {
  const [tenant, session] = [sql.ref(`${rows}.tenant`), sql.ref(`${rows}.${id}`)]
  return sql`not exists (select 1 from deleted_sessions gone where gone.tenant = ${tenant} and gone.id = ${session})`
}

/** What an event says of the conversation at most; a longer question is in the messages table alone, once. */
const messagesCharsMax = 65_536

function withoutLongMessages(event: SessionEvent): SessionEvent {
  const { messages, ...rest } = event
  const isLong = messages !== undefined && JSON.stringify(messages).length > messagesCharsMax
  return isLong ? { ...rest, messagesOmitted: true } : event
}

function sessionRows(batch: EventRow[]) {
  const bySession = new Map<string, ReturnType<typeof sessionRow>>()
  for (const row of batch) bySession.set(row.actorId, sessionRow(row, bySession.get(row.actorId)))
  return [...bySession.values()]
}

function sessionRow({ tenant, sessionId, user, event }: EventRow, earlier: SessionFacts | undefined) {
  const status = statusAfter(event) ?? earlier?.status ?? null
  const root = rootOf(event) ?? earlier?.root_session_id ?? null
  const title = earlier?.title || titleOf(event)
  return { tenant, id: sessionId, user_id: user ?? null, status, root_session_id: root, title, at: event.at, last_seq: event.seq }
}

interface SessionFacts {
  status: string | null
  root_session_id: string | null
  title: string
}

function rootOf({ rootSessionId }: SessionEvent): string | undefined {
  return typeof rootSessionId === 'string' ? rootSessionId : undefined
}

/** undefined: as it was. */
function statusAfter(event: SessionEvent): string | undefined {
  switch (event.type) {
    case 'turn.accepted':
      return 'running'
    case 'turn.completed':
      return 'completed'
    case 'turn.failed':
      return 'failed'
    case 'turn.cancelled':
      return 'cancelled'
    default:
      return TurnStatus.safeParse(event.turnStatus).data
  }
}

const titleCharsMax = 120

/** A session is titled by the start of its first question, never cut inside a character. */
function titleOf(event: SessionEvent): string {
  const question = lastUserMessage(event)
  const text = typeof question?.content === 'string' ? question.content.trim().slice(0, titleCharsMax) : ''
  return text.replace(/[\uD800-\uDBFF]$/, '')
}

function messageRows({ tenant, sessionId, event }: EventRow) {
  const base = { tenant, session_id: sessionId, turn: event.turn, at: event.at }
  const question = lastUserMessage(event)
  if (question !== undefined) return [{ ...base, role: 'user', content: { content: question.content } }]
  const answer = TurnAnswer.safeParse(event.answer)
  if (event.type !== 'turn.completed' || !answer.success) return []
  const { text, citations, degraded } = answer.data
  return [{ ...base, role: 'assistant', content: { content: text, citations, degraded } }]
}

function lastUserMessage(event: SessionEvent): ChatMessage | undefined {
  if (event.type !== 'turn.accepted') return undefined
  const messages = ChatMessage.array().safeParse(event.messages)
  return messages.data?.findLast((message) => message.role === 'user')
}
