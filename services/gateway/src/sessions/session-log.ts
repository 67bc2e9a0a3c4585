import type { ChatMessage, SessionEvent } from '@weft/contracts'
import type { SessionRef } from './dapr-sessions.ts'

/** A session as lists show it. */
export interface SessionSummary {
  id: string
  object: 'session'
  status: string
  title: string
  user?: string
  createdAt: string
  updatedAt: string
  lastSeq: number
}

export interface SessionMessage {
  turn: number
  role: string
  at: string
  content: unknown
  citations?: unknown
  degraded?: unknown
}

export interface SessionListQuery {
  tenant: string
  limit: number
  after: string | undefined
  status: string | undefined
  user: string | undefined
}

/** The newest event that the log has of a session, 0 if it has none, and how many of its turns have not ended. */
export interface LogTail {
  lastSeq: number
  openTurns: number
}

/** The place of a message in its session: its turn, and 0 for the question or 1 for the answer. */
export interface MessagePlace {
  turn: number
  part: number
}

export function placeOfMessage({ turn, role }: { turn: number; role: string }): MessagePlace {
  return { turn, part: role === 'user' ? 0 : 1 }
}

/** The messages behind `after`, from the first one on without it. */
export interface MessagePage {
  limit: number
  after: MessagePlace | undefined
}

/** What the event log keeps of sessions; written by the orchestrator a moment after it happened. */
export interface SessionLog {
  list(query: SessionListQuery): Promise<{ data: SessionSummary[]; hasMore: boolean }>
  find(session: SessionRef): Promise<SessionSummary | undefined>
  /** Whether there was such a session, and it was deleted. */
  isDeleted(session: SessionRef): Promise<boolean>
  /** The next events, `limit` at most and fewer where they are long: the rest comes with the next call. Empty only at the end of the log. */
  eventsAfter(session: SessionRef, seq: number, limit: number): Promise<SessionEvent[]>
  /** How a turn began and how it ended, without what was asked; empty when the log has no such turn. */
  turnEnds(session: SessionRef, turn: number): Promise<SessionEvent[]>
  /** What happened in a turn, in order and without what was asked; of a very long one its beginning. */
  eventsOfTurn(session: SessionRef, turn: number): Promise<SessionEvent[]>
  /** The messages of a turn's request; none when the log has no such turn. */
  asked(session: SessionRef, turn: number): Promise<ChatMessage[]>
  tail(session: SessionRef): Promise<LogTail>
  /** The next messages, `limit` at most and fewer where they are long: at least one while there is any. */
  messages(session: SessionRef, page: MessagePage): Promise<{ data: (SessionMessage & { id: string })[]; hasMore: boolean }>
}
