import { ChatMessage, Citation, messageText, SessionView } from '@weft/contracts'
import type OpenAI from 'openai'
import { z } from 'zod'
import { listPages } from './list-pages.ts'
import { renderSources } from './render-sources.ts'

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

/** A session with all that was said in it. */
export async function exportSession(client: OpenAI, id: string): Promise<ExportedSession> {
  const session = await fetchSession(client, id)
  return { session, messages: await listPages(client, { path: `${sessionPath(id)}/messages`, item: SessionMessage }) }
}

/** The conversation as Markdown: a heading a message, the sources under the answer that cites them. */
export function renderMarkdown({ session, messages }: ExportedSession): string {
  const head = [`# Session ${session.id}`, '', `${session.status}, ${session.createdAt} to ${session.updatedAt}`]
  return `${[...head, ...messages.flatMap(renderMessage)].join('\n')}\n`
}

function renderMessage(message: SessionMessage): string[] {
  const sources = renderSources(message.citations ?? []).map((line) => `- ${line}`)
  const speaker = message.role === 'user' ? 'Question' : message.role === 'assistant' ? 'Answer' : message.role
  return ['', `## ${message.turn}. ${speaker}`, '', messageText(message), ...(sources.length > 0 ? ['', ...sources] : [])]
}

export function sessionPath(id: string): string {
  return `/sessions/${encodeURIComponent(id)}`
}
