import { z } from 'zod'
import { ModelError } from '../model-error.ts'
import type { FinishReason, ProviderEvent, TokenCounts } from '../model-event.ts'
import { explainUpstreamError } from '../upstream/explain-upstream-error.ts'

/** Usage as chat completions report it; compatible servers leave parts out. */
export const ChatUsage = z.object({
  prompt_tokens: z.number().nonnegative(),
  completion_tokens: z.number().nonnegative().default(0),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nonnegative().nullish() }).nullish(),
  completion_tokens_details: z.object({ reasoning_tokens: z.number().nonnegative().nullish() }).nullish(),
})

const ToolCallDelta = z.object({
  index: z.number().int().nonnegative().default(0),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).nullish(),
})

const Delta = z.object({
  content: z.string().nullish(),
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish(),
  tool_calls: z.array(ToolCallDelta).nullish(),
})

const ChatChunk = z.object({
  id: z.string().nullish(),
  model: z.string().nullish(),
  choices: z.array(z.object({ delta: Delta.nullish(), finish_reason: z.string().nullish() })).nullish(),
  // A count that cannot be right is read as none.
  usage: ChatUsage.nullish().catch(undefined),
  error: z.unknown().optional(),
})

/** The events that a chunk of a chat completion stream carries. Throws ModelError for an error chunk, and for anything that is no chunk. */
export function readChatChunk(value: unknown, provider: string): ProviderEvent[] {
  const parsed = ChatChunk.safeParse(value)
  if (!parsed.success)
    throw new ModelError('upstream_error', `${provider} sent a chunk that is no chat completion chunk`, { cause: parsed.error })
  const chunk = parsed.data
  if (chunk.error != null) throw explainUpstreamError({ provider, error: chunk.error })
  const events: ProviderEvent[] = []
  if (chunk.id != null || chunk.model != null)
    events.push({ type: 'response', id: chunk.id ?? undefined, model: chunk.model ?? undefined })
  const choice = chunk.choices?.[0]
  if (choice?.delta != null) events.push(...readDelta(choice.delta))
  if (choice?.finish_reason != null && choice.finish_reason !== '')
    events.push({ type: 'finish', reason: finishReason(choice.finish_reason) })
  if (chunk.usage != null) events.push({ type: 'tokens', ...tokenCounts(chunk.usage) })
  return events
}

function readDelta(delta: z.infer<typeof Delta>): ProviderEvent[] {
  const events: ProviderEvent[] = []
  const reasoning = delta.reasoning_content ?? delta.reasoning
  if (reasoning != null && reasoning !== '') events.push({ type: 'reasoning', delta: reasoning })
  if (delta.content) events.push({ type: 'text', delta: delta.content })
  if (delta.refusal) events.push({ type: 'refusal', delta: delta.refusal })
  for (const call of delta.tool_calls ?? []) {
    events.push({
      type: 'tool_call',
      index: call.index,
      ...(call.id == null || call.id === '' ? {} : { id: call.id }),
      ...(call.function?.name == null || call.function.name === '' ? {} : { name: call.function.name }),
      argumentsDelta: call.function?.arguments ?? '',
    })
  }
  return events
}

export function tokenCounts(usage: z.infer<typeof ChatUsage>): TokenCounts {
  return {
    inputTokens: usage.prompt_tokens,
    outputTokens: usage.completion_tokens,
    cachedInputTokens: usage.prompt_tokens_details?.cached_tokens ?? undefined,
    reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? undefined,
  }
}

/** OpenAI's finish reasons; others of compatible servers count as a plain stop. */
export function finishReason(reason: string): FinishReason {
  switch (reason) {
    case 'length':
    case 'max_tokens':
      return 'length'
    case 'tool_calls':
    case 'function_call':
      return 'tool_calls'
    case 'content_filter':
      return 'content_filter'
    default:
      return 'stop'
  }
}
