import { ChatMessage, type SessionEvent, startOfText, TurnAnswer, TurnStatus } from '@weft/contracts'
import { type Database, sql, storableJson } from '@weft/database'

/** One event on its way into the log, with its session. */
export interface EventRow {
  actorId: string
  tenant: string
  sessionId: string
  user: string | undefined
  event: SessionEvent
}

/**
 * Writes a batch in one statement: the events, the sessions they change and the messages they carry. An event is new if its `seq` is above the `last_seq` of
 * its session's row, because both are always written together. Throws an error that `isDuplicate` recognises when another host wrote some of the events at
 * the same moment; with `mayBeThere` those are left out too, at the price of a look at the index for every event.
 */
export async function insertEvents(
  db: Database['db'],
  batch: EventRow[],
  { mayBeThere }: { mayBeThere: boolean },
): Promise<void> {
  const events = batch.map(({ tenant, sessionId, event }) => {
    const { seq, at, type, turn, stepId, sessionId: _, ...data } = withoutLongMessages(event)
    return { tenant, session_id: sessionId, seq, at, type, turn, step_id: stepId ?? null, data }
  })
  const sessions = sessionRows(batch)
  // One JSON value to look statuses up in, because a subquery would read all sessions of the batch for each of them.
  const statuses = storableJson(Object.fromEntries(sessions.map(({ tenant, id, status }) => [`${tenant}/${id}`, status])))
  await sql`
    with event_rows as materialized (
      select * from jsonb_to_recordset(${storableJson(events)}::jsonb)
        as row(tenant text, session_id text, seq int, at timestamptz, type text, turn int, step_id text, data jsonb)
    ), told as materialized (
      select row.*, coalesce(known.last_seq, 0) as known_seq from jsonb_to_recordset(${storableJson(sessions)}::jsonb)
        as row(tenant text, id text, user_id text, status text, root_session_id text, title text, at timestamptz, last_seq int)
        left join sessions known on known.tenant = row.tenant and known.id = row.id
      where not exists (select 1 from deleted_sessions gone where gone.tenant = row.tenant and gone.id = row.id)
    ), message_rows as (
      select * from jsonb_to_recordset(${storableJson(batch.flatMap(messageRows))}::jsonb)
        as row(tenant text, session_id text, turn int, role text, content jsonb, at timestamptz)
    ), upserted as (
      insert into sessions (tenant, id, user_id, status, root_session_id, title, created_at, updated_at, last_seq)
      select tenant, id, user_id, coalesce(status, 'running'), root_session_id, title, at, at, last_seq from told
      on conflict (tenant, id) do update set
        status = coalesce(${statuses}::jsonb ->> (excluded.tenant || '/' || excluded.id), sessions.status),
        updated_at = excluded.updated_at, last_seq = excluded.last_seq, compacted_at = null,
        root_session_id = coalesce(sessions.root_session_id, excluded.root_session_id),
        user_id = coalesce(sessions.user_id, excluded.user_id)
      where sessions.last_seq < excluded.last_seq
    ), said as (
      insert into messages (tenant, session_id, turn, role, content, at)
      select row.tenant, row.session_id, row.turn, row.role, row.content, row.at
      from message_rows row join told on told.tenant = row.tenant and told.id = row.session_id
      on conflict do nothing
    )
    insert into session_events (tenant, session_id, seq, at, type, turn, step_id, data)
    select row.tenant, row.session_id, row.seq, row.at, row.type, row.turn, row.step_id, row.data
    from event_rows row join told on told.tenant = row.tenant and told.id = row.session_id
    where row.seq > told.known_seq
    ${mayBeThere ? sql`on conflict do nothing` : sql``}
  `.execute(db)
}

/** A longer conversation is left out of its event: the question is in the table of messages anyway. */
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

/**
 * The session's status after an event; undefined where the event does not change it. It is not always that of the event's turn, because another turn may be
 * at work: the event then says so in `sessionStatus`.
 */
function statusAfter(event: SessionEvent): string | undefined {
  const told = TurnStatus.safeParse(event.sessionStatus).data
  if (told !== undefined) return told
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

/** A session is titled by the start of its first question. */
function titleOf(event: SessionEvent): string {
  const question = lastUserMessage(event)
  return typeof question?.content === 'string' ? startOfText(question.content.trim(), titleCharsMax) : ''
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
