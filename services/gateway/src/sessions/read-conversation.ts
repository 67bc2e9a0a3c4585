import type { SessionRef } from './dapr-sessions.ts'
import { placeOfMessage, type SessionLog, type SessionMessage } from './session-log.ts'

export interface Conversation {
  /** Oldest first. */
  messages: (SessionMessage & { id: string })[]
  /** Whether later messages were left out. */
  isCut: boolean
}

/** A conversation is cut after so many messages or characters; its first message is always read. */
const messagesMax = 2_000
const charsMax = 16_777_216
const pageMessages = 100

/** What was said in a session, read page by page. */
export async function readConversation(log: Pick<SessionLog, 'messages'>, session: SessionRef): Promise<Conversation> {
  const messages: Conversation['messages'] = []
  let chars = 0
  for (;;) {
    const last = messages.at(-1)
    const page = await log.messages(session, { limit: pageMessages, after: last && placeOfMessage(last) })
    for (const message of page.data) {
      chars += JSON.stringify(message).length
      if (messages.length >= messagesMax || (chars > charsMax && messages.length > 0)) return { messages, isCut: true }
      messages.push(message)
    }
    if (!page.hasMore) return { messages, isCut: false }
  }
}
