import type { TokenCounts } from '../model-event.ts'
import type { ResponsesRequest } from './responses-request.ts'

export interface OutputText {
  type: 'output_text'
  text: string
  annotations: object[]
  logprobs: unknown[]
}
export interface OutputRefusal {
  type: 'refusal'
  refusal: string
}

/** A passage that a search found. Without `text` and `attributes` where it cannot be read any more. */
export interface FileSearchResult {
  file_id: string
  filename: string
  /** Between 0 and 1. */
  score: number
  text?: string
  attributes?: Record<string, string | number | boolean>
}

type ItemStatus = 'in_progress' | 'completed' | 'incomplete'

export type OutputItem =
  | { type: 'reasoning'; id: string; status: ItemStatus; summary: { type: 'summary_text'; text: string }[] }
  | { type: 'message'; id: string; status: ItemStatus; role: 'assistant'; content: (OutputText | OutputRefusal)[] }
  | { type: 'function_call'; id: string; status: ItemStatus; call_id: string; name: string; arguments: string }
  | { type: 'file_search_call'; id: string; status: ItemStatus | 'failed'; queries: string[]; results: FileSearchResult[] | null }

/** The id, model and kind of a response. */
export interface ResponseIdentity {
  /** `resp_…`; the ids of its items are made of it. */
  id: string
  model: string
  /** Unix seconds. */
  createdAt: number
  /** Whether it can be retrieved and continued later. */
  isStored: boolean
  /** Whether it is worked on in the background; default false. */
  isBackground?: boolean | undefined
}

export type ResponseStatus = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled'

export interface ResponseState {
  status: ResponseStatus
  output: OutputItem[]
  usage?: TokenCounts | undefined
  error?: { code: string; message: string } | undefined
  incompleteReason?: 'max_output_tokens' | 'content_filter' | undefined
  /** Facts of a workflow's answer. */
  weft?: object | undefined
}

/** A response as it is sent, which repeats the options of its request. */
export function responseObject(request: ResponsesRequest, identity: ResponseIdentity, state: ResponseState) {
  const { status, output, usage, error, incompleteReason, weft } = state
  return {
    id: identity.id,
    object: 'response' as const,
    created_at: identity.createdAt,
    status,
    background: identity.isBackground ?? false,
    error: error ?? null,
    incomplete_details: incompleteReason === undefined ? null : { reason: incompleteReason },
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    model: identity.model,
    output,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: null },
    service_tier: request.service_tier ?? 'default',
    store: identity.isStored,
    temperature: request.temperature ?? 1,
    text: { ...request.text, format: request.text?.format ?? { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    truncation: 'disabled' as const,
    ...(usage === undefined ? {} : { usage: usageObject(usage) }),
    ...(request.user == null ? {} : { user: request.user }),
    metadata: request.metadata ?? {},
    ...(weft === undefined ? {} : { weft }),
  }
}
export type ResponseObject = ReturnType<typeof responseObject>

function usageObject({ inputTokens, outputTokens, cachedInputTokens, reasoningTokens }: TokenCounts) {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedInputTokens ?? 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
    total_tokens: inputTokens + outputTokens,
  }
}
