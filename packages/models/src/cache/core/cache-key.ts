import { createHash } from 'node:crypto'
import { ChatMessage, canonicalJson, lastQuestion } from '@weft/contracts'

/** What an answer is kept under. */
export interface CacheKey {
  tenant: string
  /** Of everything that changes the answer. */
  exact: string
  /** Of everything but the user's last message. */
  others: string
  /** The user's last message. */
  question: string
}

/** Fields that say on whose account or with which label a request is made; an answer is the same with any of them. */
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
 * The key of a chat completion body: model, messages, tools, schema, sampling and every field Weft does not know. `stream` and its options are part of it, so that
 * answers are replayed as they came. Passages of documents are in the messages: other knowledge is another key.
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
