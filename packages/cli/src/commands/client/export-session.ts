import { ChatMessage, Citation, SessionView } from '@weft/contracts'
import type OpenAI from 'openai'
import { z } from 'zod'
import { listPages } from './list-pages.ts'

const SessionMessage = ChatMessage.extend({
  id: z.string(),
  turn: z.number(),
  at: z.string(),
  citations: z.array(Citation).nullish(),
})
export type SessionMessage = z.infer<typeof SessionMessage>

export type ExportedSession = { session: SessionView; messages: SessionMessage[] }

export async function fetchSession(client: OpenAI, id: string): Promise<SessionView> {
  return SessionView.parse(await client.get(sessionPath(id)))
}

/** A session with its messages. */
export async function exportSession(client: OpenAI, id: string): Promise<ExportedSession> {
  const session = await fetchSession(client, id)
  const list = { path: `${sessionPath(id)}/messages`, item: SessionMessage, cursorOf: (message: SessionMessage) => message.id }
  return { session, messages: await listPages(client, list) }
}

export function sessionPath(id: string): string {
  return `/sessions/${encodeURIComponent(id)}`
}
