import { z } from 'zod'
import type { FinishReason, ProviderEvent } from '../model-event.ts'

/** A count that cannot be right is read as none. */
const Count = z.number().nonnegative().nullish().catch(undefined)
const MessageUsage = z.object({
  input_tokens: Count,
  output_tokens: Count,
  cache_read_input_tokens: Count,
  cache_creation_input_tokens: Count,
})

const StreamEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message_start'),
    message: z.object({ id: z.string(), model: z.string(), usage: MessageUsage.nullish() }),
  }),
  z.object({
    type: z.literal('content_block_start'),
    index: z.number().int(),
    content_block: z.object({
      type: z.string(),
      id: z.string().optional(),
      name: z.string().optional(),
      text: z.string().optional(),
    }),
  }),
  z.object({
    type: z.literal('content_block_delta'),
    index: z.number().int(),
    delta: z.object({
      type: z.string(),
      text: z.string().optional(),
      thinking: z.string().optional(),
      partial_json: z.string().optional(),
    }),
  }),
  z.object({ type: z.literal('content_block_stop'), index: z.number().int() }),
  z.object({
    type: z.literal('message_delta'),
    delta: z.object({ stop_reason: z.string().nullish() }),
    usage: MessageUsage.nullish(),
  }),
  z.object({ type: z.literal('message_stop') }),
])

/** Translates the events of one Messages stream. It remembers the order of tool calls, and token counts, which arrive in two parts. */
export function createMessageReader(): (value: unknown) => ProviderEvent[] {
  const toolCalls = new Map<number, { index: number; hasArguments: boolean }>()
  const counts = { input: 0, cached: 0, written: 0, output: 0 }
  return (value) => {
    // Kinds of events added later carry nothing that is needed here.
    const parsed = StreamEvent.safeParse(value)
    if (!parsed.success) return []
    const event = parsed.data
    switch (event.type) {
      case 'message_start':
        addUsage(counts, event.message.usage)
        return [{ type: 'response', id: event.message.id, model: event.message.model }]
      case 'content_block_start':
        return startBlock(event, toolCalls)
      case 'content_block_delta':
        return readDelta(event, toolCalls)
      case 'content_block_stop': {
        const call = toolCalls.get(event.index)
        return call !== undefined && !call.hasArguments ? [{ type: 'tool_call', index: call.index, argumentsDelta: '{}' }] : []
      }
      case 'message_delta':
        addUsage(counts, event.usage)
        return event.delta.stop_reason == null ? [] : [{ type: 'finish', reason: finishReason(event.delta.stop_reason) }]
      case 'message_stop':
        return [tokensOf(counts)]
    }
  }
}

type Counts = { input: number; cached: number; written: number; output: number }

function tokensOf({ input, cached, written, output }: Counts): ProviderEvent {
  const cacheWriteTokens = written === 0 ? {} : { cacheWriteTokens: written }
  return { type: 'tokens', inputTokens: input, outputTokens: output, cachedInputTokens: cached, ...cacheWriteTokens }
}

type BlockStart = Extract<z.infer<typeof StreamEvent>, { type: 'content_block_start' }>
type BlockDelta = Extract<z.infer<typeof StreamEvent>, { type: 'content_block_delta' }>
type ToolCalls = Map<number, { index: number; hasArguments: boolean }>

function startBlock({ index, content_block: block }: BlockStart, toolCalls: ToolCalls): ProviderEvent[] {
  if (block.type === 'text' && block.text !== undefined && block.text !== '') return [{ type: 'text', delta: block.text }]
  if (block.type !== 'tool_use') return []
  const call = { index: toolCalls.size, hasArguments: false }
  toolCalls.set(index, call)
  return [{ type: 'tool_call', index: call.index, id: block.id ?? '', name: block.name ?? '', argumentsDelta: '' }]
}

function readDelta({ index, delta }: BlockDelta, toolCalls: ToolCalls): ProviderEvent[] {
  if (delta.type === 'text_delta' && delta.text) return [{ type: 'text', delta: delta.text }]
  if (delta.type === 'thinking_delta' && delta.thinking) return [{ type: 'reasoning', delta: delta.thinking }]
  const call = toolCalls.get(index)
  if (delta.type !== 'input_json_delta' || call === undefined || !delta.partial_json) return []
  call.hasArguments = true
  return [{ type: 'tool_call', index: call.index, argumentsDelta: delta.partial_json }]
}

/** Counts are cumulative, so a later report replaces an earlier one. Cached tokens are reported beside the input, not within it. */
function addUsage(counts: Counts, usage: z.infer<typeof MessageUsage> | null | undefined): void {
  if (usage == null) return
  const cached = usage.cache_read_input_tokens ?? counts.cached
  const written = usage.cache_creation_input_tokens ?? counts.written
  if (usage.input_tokens != null) counts.input = usage.input_tokens + cached + written
  counts.cached = cached
  counts.written = written
  counts.output = usage.output_tokens ?? counts.output
}

function finishReason(reason: string): FinishReason {
  switch (reason) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length'
    case 'tool_use':
      return 'tool_calls'
    case 'refusal':
      return 'content_filter'
    default:
      return 'stop'
  }
}
