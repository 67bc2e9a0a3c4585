import { z } from 'zod'
import { ModelError } from '../model-error.ts'
import type { FinishReason, ProviderEvent } from '../model-event.ts'
import { explainUpstreamError } from '../upstream/explain-upstream-error.ts'

const Count = z.number().nonnegative()
const Usage = z.object({
  input_tokens: Count,
  input_tokens_details: z.object({ cached_tokens: Count.nullish() }).nullish(),
  output_tokens: Count,
  output_tokens_details: z.object({ reasoning_tokens: Count.nullish() }).nullish(),
})
const Response = z.object({
  id: z.string().nullish(),
  model: z.string().nullish(),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
  error: z.unknown().optional(),
  // A count that cannot be right is read as none.
  usage: Usage.nullish().catch(undefined),
})
type Response = z.infer<typeof Response>

const Place = { output_index: z.int().nonnegative() }
const Delta = z.object({ ...Place, delta: z.string() })
const Likelihood = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z
    .array(z.number())
    .nullish()
    .transform((bytes) => bytes ?? null),
})
const TextDelta = Delta.extend({
  logprobs: z
    .array(
      Likelihood.extend({
        top_logprobs: z
          .array(Likelihood)
          .nullish()
          .transform((top) => top ?? []),
      }),
    )
    .nullish(),
})
const Call = z.object({
  type: z.literal('function_call'),
  call_id: z.string(),
  name: z.string(),
  arguments: z.string().nullish(),
})
const Item = z.object({ ...Place, item: z.union([Call, z.object({ type: z.string() })]) })
const Summary = z.object({ summary_index: z.int().nonnegative() })
const Told = z.object({ type: z.string(), response: z.unknown().optional() })

interface Calls {
  /** By the place of a call's item: its index among the calls, and whether any of its arguments came. */
  byPlace: Map<number, { index: number; hasArguments: boolean }>
}

/** Reads the events of one stream on the wire of responses. Throws ModelError for an event that tells of a failure, and for anything that is no event. */
export function createResponseReader(provider: string): (value: unknown) => ProviderEvent[] {
  const calls: Calls = { byPlace: new Map() }
  const as = <T extends z.ZodType>(schema: T, value: unknown): z.infer<T> => {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    throw new ModelError('upstream_error', `${provider} sent an event that is none of a response`, { cause: parsed.error })
  }
  return (value) => {
    const { type, response } = as(Told, value)
    switch (type) {
      case 'response.created':
        return [{ type: 'response', ...identityOf(as(Response, response)) }]
      case 'response.output_text.delta':
        return [textOf(as(TextDelta, value))]
      case 'response.refusal.delta':
        return [{ type: 'refusal', delta: as(Delta, value).delta }]
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        return [{ type: 'reasoning', delta: as(Delta, value).delta }]
      case 'response.reasoning_summary_part.added':
        return as(Summary, value).summary_index === 0 ? [] : [{ type: 'reasoning', delta: '\n\n' }]
      case 'response.output_item.added':
        return beginItem(calls, as(Item, value))
      case 'response.function_call_arguments.delta':
        return addArguments(calls, as(Delta, value))
      case 'response.output_item.done':
        return endItem(calls, as(Item, value))
      case 'response.completed':
      case 'response.incomplete':
        return endOf(as(Response, response), calls)
      case 'response.failed':
        throw explainUpstreamError({ provider, error: as(Response, response).error })
      case 'error':
        throw explainUpstreamError({ provider, error: value })
      default:
        // Events that carry nothing needed here, and kinds that OpenAI may add.
        return []
    }
  }
}

function textOf({ delta, logprobs }: z.infer<typeof TextDelta>): ProviderEvent {
  return { type: 'text', delta, ...(logprobs == null || logprobs.length === 0 ? {} : { logprobs }) }
}

function identityOf({ id, model }: Response): { id: string | undefined; model: string | undefined } {
  return { id: id ?? undefined, model: model ?? undefined }
}

function beginItem({ byPlace }: Calls, { output_index: place, item }: z.infer<typeof Item>): ProviderEvent[] {
  if (!('call_id' in item)) return []
  const call = { index: byPlace.size, hasArguments: false }
  byPlace.set(place, call)
  return [{ type: 'tool_call', index: call.index, id: item.call_id, name: item.name, argumentsDelta: '' }]
}

function addArguments({ byPlace }: Calls, { output_index: place, delta }: z.infer<typeof Delta>): ProviderEvent[] {
  const call = byPlace.get(place)
  if (call === undefined || delta === '') return []
  call.hasArguments = true
  return [{ type: 'tool_call', index: call.index, argumentsDelta: delta }]
}

/** Ends an item. Some servers name a call, or send its arguments, only now that it is whole. */
function endItem(calls: Calls, told: z.infer<typeof Item>): ProviderEvent[] {
  const { output_index: place, item } = told
  if (!('call_id' in item)) return []
  const begun = calls.byPlace.has(place) ? [] : beginItem(calls, told)
  const call = calls.byPlace.get(place)
  const whole =
    call === undefined || call.hasArguments ? [] : addArguments(calls, { output_index: place, delta: item.arguments ?? '' })
  return [...begun, ...whole]
}

function endOf({ usage, incomplete_details: incomplete }: Response, { byPlace }: Calls): ProviderEvent[] {
  const tokens =
    usage == null
      ? []
      : [
          {
            type: 'tokens' as const,
            inputTokens: usage.input_tokens,
            outputTokens: usage.output_tokens,
            cachedInputTokens: usage.input_tokens_details?.cached_tokens ?? undefined,
            reasoningTokens: usage.output_tokens_details?.reasoning_tokens ?? undefined,
          },
        ]
  return [{ type: 'finish', reason: reasonOf(incomplete?.reason, byPlace.size > 0) }, ...tokens]
}

function reasonOf(incomplete: string | null | undefined, hasCalls: boolean): FinishReason {
  if (incomplete === 'content_filter') return 'content_filter'
  if (incomplete != null) return 'length'
  return hasCalls ? 'tool_calls' : 'stop'
}
