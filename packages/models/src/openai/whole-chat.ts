import { isRecord } from '@weft/contracts'
import type { AnswerFacts } from '../attempt/answer-facts.ts'
import { ModelError } from '../model-error.ts'
import { explainUpstreamError } from '../upstream/explain-upstream-error.ts'
import { ChatUsage, tokenCounts } from './chat-chunk.ts'
import { noteChoices } from './choice-facts.ts'

/** Checks a chat completion that was not streamed, notes what it says in `facts`, and gives it the public model id; the rest stays as it came. */
export function readWholeChat(
  body: string,
  { publicId, provider, facts }: { publicId: string; provider: string; facts: AnswerFacts },
): string {
  const chat = parse(body, provider)
  if (chat.error != null) throw explainUpstreamError({ provider, error: chat.error })
  if (!Array.isArray(chat.choices) || !chat.choices.every(isRecord)) throw noCompletion(provider, undefined)
  const usage = ChatUsage.safeParse(chat.usage)
  if (usage.success) facts.tokens = tokenCounts(usage.data)
  if (typeof chat.id === 'string') facts.responseId = chat.id
  if (typeof chat.model === 'string') facts.responseModel = chat.model
  noteChoices(facts, chat.choices, 'message')
  if (!ownModel.test(body)) return JSON.stringify({ ...chat, model: publicId })
  return body.replace(ownModel, (_field, before: string) => before + JSON.stringify(publicId))
}

/** The field `model` of the answer itself: no other object or list may begin before it. Captures what comes before its value. */
const ownModel = /^(\s*\{[^{[]*?"model"\s*:\s*)"(?:[^"\\]|\\.)*"/

function parse(body: string, provider: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (cause) {
    throw noCompletion(provider, cause)
  }
  if (!isRecord(value)) throw noCompletion(provider, undefined)
  return value
}

function noCompletion(provider: string, cause: unknown): ModelError {
  return new ModelError('upstream_error', `${provider} answered with something that is no chat completion`, {
    isRetryable: true,
    cause,
  })
}
