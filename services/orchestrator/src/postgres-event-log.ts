import { ChatMessage, type SessionEvent, TurnAnswer, TurnStatus } from '@weft/contracts'
import { type Database, isUnstorable, sql, storableJson } from '@weft/database'

export interface SessionEvents {
  actorId: string
  tenant: string
  sessionId: string
  user: string | undefined
  events: SessionEvent[]
}

export interface EventLog {
  /**
   * Queues the events of a session that are committed and not known to be written, in seq order. What is already queued is left out,
   * and what finds no room: it is handed over again with whatever the session commits next, and by its heartbeat.
   */
  append(batch: SessionEvents): void
  queuedCount(): number
  /** Resolves when what is queued now is written. */
  written(): Promise<void>
  stop(): Promise<void>
}

export interface EventLogOptions {
  database: Database
  onFlushed: (actorId: string, upToSeq: number) => void
  onProblem: (cause: unknown) => void
  /** Events held while the database is away; default 20,000. */
  queuedRowsMax?: number
}

const gatherMs = 15
const batchRowsMax = 500
/** A statement of many long conversations would be too long for the database, and for a string. */
const batchCharsMax = 4_194_304

interface Row extends Omit<SessionEvents, 'events'> {
  event: SessionEvent
}

/**
 * The append-only event log in Postgres: one writer per host, batches over all sessions, in the order of their commits.
 * A batch is repeated until it is in; rows that already are do no harm, so every event is there exactly once.
 */
export function createEventLog(options: EventLogOptions): EventLog {
  let queue: Row[] = []
  const queuedSeq = new Map<string, number>()
  let writing: Promise<void> | undefined
  let isStopped = false
  const queuedRowsMax = options.queuedRowsMax ?? 20_000

  function append({ events, ...session }: SessionEvents): void {
    const from = queuedSeq.get(session.actorId) ?? 0
    const fresh = events.filter((event) => event.seq > from).slice(0, Math.max(0, queuedRowsMax - queue.length))
    const last = fresh.at(-1)
    if (last === undefined) return
    queue.push(...fresh.map((event) => ({ ...session, event })))
    queuedSeq.set(session.actorId, last.seq)
    writing ??= write()
  }

  async function write(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, gatherMs))
    for (let failures = 0; queue.length > 0 && !(isStopped && failures > 0); ) {
      const batch = nextBatch(queue)
      try {
        await insertStorable(options, batch)
        failures = 0
        queue = queue.slice(batch.length)
        announce(batch)
      } catch (cause) {
        failures += 1
        if (failures === 1) options.onProblem(cause)
        await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 100 * 2 ** failures)))
      }
    }
    writing = undefined
  }

  function announce(batch: Row[]): void {
    const upTo = new Map(batch.map((row) => [row.actorId, row.event.seq]))
    for (const [actorId, seq] of upTo) {
      if (queuedSeq.get(actorId) === seq) queuedSeq.delete(actorId)
      options.onFlushed(actorId, seq)
    }
  }

  return {
    append,
    queuedCount: () => queue.length,
    written: async () => writing,
    async stop() {
      isStopped = true
      await writing
    },
  }
}

/** The rows of the next statement; one that is longer than all may be together goes alone. */
function nextBatch(queue: Row[]): Row[] {
  let chars = 0
  const end = queue.slice(0, batchRowsMax).findIndex(({ event }, index) => {
    chars += JSON.stringify(event).length
    return index > 0 && chars > batchCharsMax
  })
  return queue.slice(0, end === -1 ? batchRowsMax : end)
}

/** An event that no table can hold is left out of the log and named as a problem: it must not keep everybody else's out. */
async function insertStorable(options: EventLogOptions, batch: Row[]): Promise<void> {
  try {
    await insertBatch(options.database, batch)
  } catch (cause) {
    if (!isUnstorable(cause)) throw cause
    if (batch.length === 1) {
      options.onProblem(cause)
      return
    }
    const middle = Math.ceil(batch.length / 2)
    await insertStorable(options, batch.slice(0, middle))
    await insertStorable(options, batch.slice(middle))
  }
}

/** One statement a batch: the events, the sessions they change and the messages they carry. */
async function insertBatch(database: Database, batch: Row[]): Promise<void> {
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
        as row(tenant text, id text, user_id text, status text, title text, at timestamptz, last_seq int)
    ), message_rows as (
      select * from jsonb_to_recordset(${storableJson(batch.flatMap(messageRows))}::jsonb)
        as row(tenant text, session_id text, turn int, role text, content jsonb, at timestamptz)
    ), upserted as (
      insert into sessions (tenant, id, user_id, status, title, created_at, updated_at, last_seq)
      select tenant, id, user_id, coalesce(status, 'running'), title, at, at, last_seq from session_rows
      where ${notDeleted('session_rows', 'id')}
      on conflict (tenant, id) do update set
        status = coalesce((select told.status from session_rows as told where told.tenant = sessions.tenant and told.id = sessions.id), sessions.status),
        updated_at = excluded.updated_at, last_seq = excluded.last_seq, compacted_at = null,
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
  `.execute(database.db)
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

function sessionRows(batch: Row[]) {
  const bySession = new Map<string, ReturnType<typeof sessionRow>>()
  for (const row of batch) bySession.set(row.actorId, sessionRow(row, bySession.get(row.actorId)))
  return [...bySession.values()]
}

function sessionRow({ tenant, sessionId, user, event }: Row, earlier: { status: string | null; title: string } | undefined) {
  // Most events leave it as it is.
  const status = statusAfter(event) ?? earlier?.status ?? null
  const title = earlier?.title || titleOf(event)
  return { tenant, id: sessionId, user_id: user ?? null, status, title, at: event.at, last_seq: event.seq }
}

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
      return turnStatusOf(event)
  }
}

/** An event that made a turn wait for a decision, or go on, says so. */
function turnStatusOf({ turnStatus }: SessionEvent): string | undefined {
  return TurnStatus.safeParse(turnStatus).data
}

const titleCharsMax = 120

/** A session is titled by the start of its first question, never cut inside a character. */
function titleOf(event: SessionEvent): string {
  const question = lastUserMessage(event)
  const text = typeof question?.content === 'string' ? question.content.trim().slice(0, titleCharsMax) : ''
  return text.replace(/[\uD800-\uDBFF]$/, '')
}

function messageRows({ tenant, sessionId, event }: Row) {
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
