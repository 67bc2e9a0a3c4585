import { z } from 'zod'
import { explainUpstreamError } from '../explain-upstream-error.ts'
import { ModelError } from '../model-error.ts'
import { ChatUsage, finishReason, tokenCounts } from './chat-chunk.ts'
import { type AnswerFacts, hearContent, noAnswer } from '../attempt/answer-facts.ts'

const Message = z.object({
  content: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(z.unknown()).nullish(),
})
const WholeChat = z.object({
  id: z.string().nullish(),
  choices: z.array(z.object({ finish_reason: z.string().nullish(), message: Message.nullish() })),
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
      ...(usage.success ? noAnswer() : contentOf(chat)),
    },
  }
}

/** What the provider did not count. */
function contentOf({ choices }: z.infer<typeof WholeChat>): AnswerFacts {
  const facts = noAnswer()
  for (const { message } of choices) {
    const { content, reasoning_content, refusal, tool_calls } = message ?? {}
    for (const text of [reasoning_content, content, refusal]) if (text != null) hearContent(facts, text)
    if (tool_calls != null && tool_calls.length > 0) hearContent(facts, JSON.stringify(tool_calls))
  }
  return facts
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
