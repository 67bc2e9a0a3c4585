import { ModelError } from '../model-error.ts'
import type { ModelRequest } from '../model-request.ts'
import type { ProviderCall } from '../provider.ts'
import { outputSchema } from './output-schema.ts'
import { systemText, type TranslatedMessage, translateMessages } from './translate-messages.ts'

/** Anthropic requires a limit. Where the caller sets none, this leaves room for thinking and a long answer. */
const defaultMaxTokens = 16_384

/** The body of a streamed Messages request, translated from OpenAI's shapes. Throws ModelError for what has no counterpart. */
export function messagesBody(call: ProviderCall): Record<string, unknown> {
  const { request, modelName } = call
  const system = [systemText(request.messages), ...jsonWish(request)].filter((text) => text !== '').join('\n\n')
  const samples = call.capabilities?.includes('sampling') ?? false
  const config = outputConfig(request)
  return {
    model: modelName,
    max_tokens: request.maxOutputTokens ?? Math.min(defaultMaxTokens, call.outputTokensMax ?? defaultMaxTokens),
    messages: conversation(request),
    stream: true,
    ...(system === '' ? {} : { system }),
    ...(samples && request.temperature !== undefined ? { temperature: Math.min(1, request.temperature) } : {}),
    ...(samples && request.topP !== undefined ? { top_p: request.topP } : {}),
    ...stopSequences(request),
    ...tools(request),
    ...(config === undefined ? {} : { output_config: config }),
    ...(request.user === undefined ? {} : { metadata: { user_id: request.user } }),
    // A request that names a cache key wants its conversation cached. Without a place Anthropic marks the end itself, and moves the mark as the conversation grows.
    ...(request.promptCacheKey === undefined || request.promptCacheMessages !== undefined
      ? {}
      : { cache_control: { type: 'ephemeral' } }),
  }
}

/** Where requests share only the beginning of a conversation, the cache mark is put at its end: a mark further on would keep what no other request can use. */
function conversation({ messages, promptCacheMessages }: ModelRequest): TranslatedMessage[] {
  const all = translateMessages(messages)
  // Empty messages are left out. Without an empty last question, Anthropic would continue the answer before it.
  const asksNothing = messages.at(-1)?.role === 'user' && all.at(-1)?.role !== 'user'
  if (all.length === 0 || asksNothing)
    throw new ModelError('invalid_request', 'messages: there is no text in what the user says last', { param: 'messages' })
  if (promptCacheMessages === undefined) return all
  const shared = translateMessages(messages.slice(0, promptCacheMessages))
  const blocks = shared.at(-1)?.content.length ?? 0
  return all.map((message, index) => {
    if (index !== shared.length - 1) return message
    const mark = (block: TranslatedMessage['content'][number], place: number) =>
      place === blocks - 1 ? { ...block, cache_control: { type: 'ephemeral' } } : block
    return { ...message, content: message.content.map(mark) }
  })
}

/** Leaves out sequences of white space alone: Anthropic refuses them, and they would end an answer at its first line. */
function stopSequences(request: ModelRequest): Record<string, unknown> {
  const sequences = (request.stop ?? []).filter((sequence) => sequence.trim() !== '')
  return sequences.length === 0 ? {} : { stop_sequences: sequences }
}

function tools(request: ModelRequest): Record<string, unknown> {
  if (request.tools === undefined || request.tools.length === 0) return {}
  return {
    tools: request.tools.map(({ function: { name, description, parameters } }) => ({
      name,
      ...(description === undefined ? {} : { description }),
      input_schema: { type: 'object', ...parameters },
    })),
    ...toolChoice(request),
  }
}

function toolChoice({ toolChoice: choice, parallelToolCalls }: ModelRequest): Record<string, unknown> {
  if (choice === 'none') return { tool_choice: { type: 'none' } }
  const single = parallelToolCalls === false ? { disable_parallel_tool_use: true } : {}
  if (typeof choice === 'object') return { tool_choice: { type: 'tool', name: choice.function.name, ...single } }
  if (choice === 'required') return { tool_choice: { type: 'any', ...single } }
  return parallelToolCalls === false ? { tool_choice: { type: 'auto', ...single } } : {}
}

function outputConfig(request: ModelRequest): Record<string, unknown> | undefined {
  const format = request.responseFormat
  const schema = format?.type === 'json_schema' ? format.json_schema.schema : undefined
  const effort = effortOf(request.reasoningEffort)
  if (schema === undefined && effort === undefined) return undefined
  return {
    ...(schema === undefined ? {} : { format: { type: 'json_schema', schema: outputSchema(schema) } }),
    ...(effort === undefined ? {} : { effort }),
  }
}

/** OpenAI's `none` and `minimal` have no counterpart below `low`. */
function effortOf(effort: string | undefined): string | undefined {
  if (effort === 'none' || effort === 'minimal') return 'low'
  return effort
}

/** `json_object` has no counterpart, because it names no schema; it becomes an instruction in words. */
function jsonWish(request: ModelRequest): string[] {
  return request.responseFormat?.type === 'json_object' ? ['Answer with one JSON object and nothing else.'] : []
}
