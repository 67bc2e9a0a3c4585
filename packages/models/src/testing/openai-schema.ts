import { z } from 'zod'

const TextPart = z.strictObject({ type: z.literal('text'), text: z.string() })
const ImagePart = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({ url: z.string().min(1), detail: z.enum(['auto', 'low', 'high']).optional() }),
})
const ToolCall = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
})
const name = z.string().optional()

const Message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content: z.union([z.string(), z.array(TextPart).min(1)]), name }),
  z.strictObject({ role: z.literal('developer'), content: z.union([z.string(), z.array(TextPart).min(1)]), name }),
  z.strictObject({
    role: z.literal('user'),
    content: z.union([z.string(), z.array(z.union([TextPart, ImagePart])).min(1)]),
    name,
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.union([z.string(), z.array(TextPart)]).nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(ToolCall).min(1).optional(),
    name,
  }),
  z.strictObject({
    role: z.literal('tool'),
    content: z.union([z.string(), z.array(TextPart).min(1)]),
    tool_call_id: z.string().min(1),
  }),
])

const Tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
    description: z.string().optional(),
    parameters: z.looseObject({ type: z.literal('object') }).optional(),
    strict: z.boolean().nullish(),
  }),
})

/** Chat completion requests as OpenAI's own API accepts them: an unknown field or role is an error. */
export const StrictChatRequest = z
  .strictObject({
    model: z.string().min(1),
    messages: z.array(Message).min(1),
    stream: z.boolean().optional(),
    stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullish(),
    max_tokens: z.int().positive().nullish(),
    max_completion_tokens: z.int().positive().nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    n: z.int().min(1).max(8).nullish(),
    stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
    seed: z.int().nullish(),
    user: z.string().optional(),
    prompt_cache_key: z.string().optional(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    tools: z.array(Tool).min(1).optional(),
    tool_choice: z
      .union([
        z.enum(['none', 'auto', 'required']),
        z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: z.string() }) }),
      ])
      .optional(),
    parallel_tool_calls: z.boolean().optional(),
    response_format: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('text') }),
        z.strictObject({ type: z.literal('json_object') }),
        z.strictObject({
          type: z.literal('json_schema'),
          json_schema: z.looseObject({ name: z.string().min(1), schema: z.looseObject({}) }),
        }),
      ])
      .optional(),
    reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).nullish(),
  })
  .superRefine((request, context) => {
    const fail = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (request.stream_options != null && request.stream !== true) fail('stream_options', 'is only allowed when stream is true')
    if (request.max_tokens != null && request.max_completion_tokens != null)
      fail('max_tokens', 'cannot be set with max_completion_tokens')
    if (request.tool_choice !== undefined && request.tools === undefined)
      fail('tool_choice', 'is only allowed when tools are given')
    if (request.parallel_tool_calls !== undefined && request.tools === undefined)
      fail('parallel_tool_calls', 'is only allowed when tools are given')
    const known = new Set<string>()
    request.messages.forEach((message, index) => {
      if (message.role === 'assistant') for (const call of message.tool_calls ?? []) known.add(call.id)
      if (message.role === 'tool' && !known.has(message.tool_call_id))
        fail(`messages.${index}.tool_call_id`, 'answers no tool call')
    })
  })
