import { createHash } from 'node:crypto'
import { ChatMessage, canonicalJson, lastQuestion } from '@weft/contracts'

/** What an answer is kept under. */
export interface CacheKey {
  tenant: string
  /** The hash of everything that changes the answer. */
  exact: string
  /** The same hash without the user's last message. */
  others: string
  /** The user's last message. */
  question: string
}

/** Fields that name an account or a label. They do not change the answer, so they are not part of the key. */
const unanswered: ReadonlySet<string> = new Set([
  'user',
  'safety_identifier',
  'metadata',
  'store',
  'prompt_cache_key',
  'prompt_cache_retention',
  'service_tier',
])

/**
 * The key of a chat completion body: its model, messages, tools, schema, sampling, and every field that Weft does not know. `stream` and its options are part of
 * it, because answers are given again in the pieces they came in. Passages of documents are in the messages, so changed documents make another key.
 */
export function cacheKeyOf(body: Record<string, unknown>, tenant: string): CacheKey {
  const fields = Object.fromEntries(Object.entries(body).filter(([name]) => !unanswered.has(name)))
  const messages = ChatMessage.array().safeParse(body.messages).data ?? []
  const last = messages.findLastIndex(({ role }) => role === 'user')
  const blanked = messages.map((message, index) =>
    index === last && typeof message.content === 'string' ? { ...message, content: '' } : message,
  )
  return {
    tenant,
    exact: digest({ tenant, fields }),
    others: digest({ tenant, fields: { ...fields, messages: blanked } }),
    question: lastQuestion(messages),
  }
}

function digest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}
