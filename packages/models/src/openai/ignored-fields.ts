import type { ModelInfo } from '../registry/catalog.ts'

/** The fields of a chat completion that are translated for a provider of another wire, or refused by name. */
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

/** The fields of a chat completion body that have no effect with this model; none when the body is passed on as it is. */
export function ignoredChatFields(body: Record<string, unknown>, model: ModelInfo | undefined): string[] {
  if (model?.isTranslated !== true) return []
  const samples = model.capabilities?.includes('sampling') ?? false
  return Object.entries(body).flatMap(([field, value]) => {
    const isKept = (translatedFields.has(field) && !isBlankStop(field, value)) || (samples && samplingFields.has(field))
    return value == null || isKept ? [] : [field]
  })
}

/** Stop sequences of white space alone have no effect: `messagesBody` leaves them out. */
function isBlankStop(field: string, value: unknown): boolean {
  return field === 'stop' && [value].flat().some((sequence) => typeof sequence === 'string' && sequence.trim() === '')
}
