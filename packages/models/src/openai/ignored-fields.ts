import type { ModelInfo } from '../registry/catalog.ts'

/** What a translated chat completion keeps of its body, or refuses by name. */
const translatedFields: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'stop', 'n', 'tools'],
  ...[
    'logprobs',
    'top_logprobs',
    'tool_choice',
    'parallel_tool_calls',
    'response_format',
    'reasoning_effort',
    'user',
    'safety_identifier',
    'prompt_cache_key',
  ],
])
const samplingFields: ReadonlySet<string> = new Set(['temperature', 'top_p'])

/** Fields of a chat completion body that have no effect with this model; none where they are handed on as they are. */
export function ignoredChatFields(body: Record<string, unknown>, model: ModelInfo | undefined): string[] {
  if (model?.isTranslated !== true) return []
  const samples = model.capabilities?.includes('sampling') ?? false
  return Object.entries(body).flatMap(([field, value]) => {
    const isKept = (translatedFields.has(field) && !isBlankStop(field, value)) || (samples && samplingFields.has(field))
    return value == null || isKept ? [] : [field]
  })
}

/** Sequences of white space alone have no counterpart (`messagesBody`). */
function isBlankStop(field: string, value: unknown): boolean {
  return field === 'stop' && [value].flat().some((sequence) => typeof sequence === 'string' && sequence.trim() === '')
}
