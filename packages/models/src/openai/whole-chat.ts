import { z } from 'zod'
import { explainUpstreamError } from '../explain-upstream-error.ts'
import { ModelError } from '../model-error.ts'
import { ChatUsage, finishReason, tokenCounts } from './chat-chunk.ts'
import type { AnswerFacts } from '../attempt/answer-facts.ts'

const WholeChat = z.object({
  id: z.string().nullish(),
  choices: z.array(
    z.object({ finish_reason: z.string().nullish(), message: z.object({ content: z.string().nullish() }).nullish() }),
  ),
  usage: z.unknown().optional(),
})

/** A chat completion that was not streamed: checked, read for usage, and named by the public model id; all else stays as it came. */
export function readWholeChat(
  body: string,
  options: { publicId: string; provider: string },
): { text: string; facts: AnswerFacts } {
  const value = parse(body, options.provider)
  if ('error' in value && value.error != null) throw explainUpstreamError({ provider: options.provider, error: value.error })
  const parsed = WholeChat.safeParse(value)
  if (!parsed.success) throw noCompletion(options.provider, parsed.error)
  const chat = parsed.data
  const usage = ChatUsage.safeParse(chat.usage)
  const reason = chat.choices[0]?.finish_reason
  return {
    text: JSON.stringify({ ...value, model: options.publicId }),
    facts: {
      tokens: usage.success ? tokenCounts(usage.data) : undefined,
      finishReason: reason == null ? undefined : finishReason(reason),
      responseId: chat.id ?? undefined,
      contentChars: chat.choices.reduce((chars, choice) => chars + (choice.message?.content?.length ?? 0), 0),
    },
  }
}

function parse(body: string, provider: string): object {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (cause) {
    throw noCompletion(provider, cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw noCompletion(provider, undefined)
  return value
}

function noCompletion(provider: string, cause: unknown): ModelError {
  return new ModelError('upstream_error', `${provider} answered with something that is no chat completion`, {
    isRetryable: true,
    cause,
  })
}
