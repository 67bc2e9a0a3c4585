import { ChatMessage, errorMessage, parseValue } from '@weft/contracts'
import { z } from 'zod'
import { ModelError } from './model-error.ts'

/** A function the model may call, in the shape of OpenAI's wire. */
export const ModelTool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({
    name: z.string().min(1).max(64),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    strict: z.boolean().nullish(),
  }),
})
export type ModelTool = z.infer<typeof ModelTool>

export const ToolChoice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.looseObject({ type: z.literal('function'), function: z.looseObject({ name: z.string() }) }),
])
export type ToolChoice = z.infer<typeof ToolChoice>

export const ResponseFormat = z.union([
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({
      name: z.string(),
      schema: z.record(z.string(), z.unknown()).optional(),
      strict: z.boolean().nullish(),
    }),
  }),
])
export type ResponseFormat = z.infer<typeof ResponseFormat>

/** One model call. `model` is a public id, `<provider>/<model>`; messages have OpenAI's shape whatever the provider speaks. */
export interface ModelRequest {
  model: string
  messages: ChatMessage[]
  maxOutputTokens?: number | undefined
  temperature?: number | undefined
  topP?: number | undefined
  stop?: string[] | undefined
  seed?: number | undefined
  tools?: ModelTool[] | undefined
  toolChoice?: ToolChoice | undefined
  parallelToolCalls?: boolean | undefined
  responseFormat?: ResponseFormat | undefined
  reasoningEffort?: string | undefined
  /** Whether the answer tells how likely each token was, and how many other tokens (0 to 20) it names beside each. Only the wire of responses reads them. */
  logprobs?: boolean | undefined
  topLogprobs?: number | undefined
  user?: string | undefined
  /** The key under which the provider may keep the beginning of the conversation; without one it is not asked to. */
  promptCacheKey?: string | undefined
  /** How many messages at the beginning are shared by other requests with this key, which go on differently; default: all. */
  promptCacheMessages?: number | undefined
}

/** The fields of a chat completion request that shape a model's answer; all others are left to the caller. */
const ChatOptions = z.object({
  max_tokens: z.int().positive().nullish(),
  max_completion_tokens: z.int().positive().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.int().nullish(),
  tools: z.array(ModelTool).nullish(),
  tool_choice: ToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: ResponseFormat.nullish(),
  reasoning_effort: z.string().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  user: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
})

/**
 * A model request from chat messages and the options of a chat completion request (`max_tokens`, `temperature`, …).
 * Throws ModelError `invalid_request` with `param` when an option has the wrong shape.
 */
export function requestFromChat(model: string, messages: ChatMessage[], options: Record<string, unknown> = {}): ModelRequest {
  const chat = parseOptions(options)
  return {
    model,
    messages,
    maxOutputTokens: chat.max_completion_tokens ?? chat.max_tokens ?? undefined,
    temperature: chat.temperature ?? undefined,
    topP: chat.top_p ?? undefined,
    stop: typeof chat.stop === 'string' ? [chat.stop] : (chat.stop ?? undefined),
    seed: chat.seed ?? undefined,
    tools: chat.tools ?? undefined,
    toolChoice: chat.tool_choice ?? undefined,
    parallelToolCalls: chat.parallel_tool_calls ?? undefined,
    responseFormat: chat.response_format ?? undefined,
    reasoningEffort: chat.reasoning_effort ?? undefined,
    logprobs: chat.logprobs ?? undefined,
    topLogprobs: chat.top_logprobs ?? undefined,
    user: chat.user ?? undefined,
    promptCacheKey: chat.prompt_cache_key ?? undefined,
  }
}

/** The messages of an untyped chat request body; throws ModelError `invalid_request` naming the wrong field. */
export function messagesFromBody(body: Record<string, unknown>): ChatMessage[] {
  return asModelError(() => parseValue(z.object({ messages: z.array(ChatMessage).min(1) }), body, 'the request')).messages
}

function parseOptions(options: Record<string, unknown>): z.infer<typeof ChatOptions> {
  return asModelError(() => parseValue(ChatOptions, options, 'the request'))
}

function asModelError<T>(parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    const param = cause instanceof Object && 'param' in cause && typeof cause.param === 'string' ? cause.param : undefined
    throw new ModelError('invalid_request', errorMessage(cause), { param, cause })
  }
}
