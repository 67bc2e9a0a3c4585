import { z } from 'zod'

const InputText = z.strictObject({ type: z.literal('input_text'), text: z.string() })
const InputImage = z.strictObject({
  type: z.literal('input_image'),
  image_url: z.string().min(1),
  detail: z.enum(['auto', 'low', 'high', 'original']),
})
const InputFile = z
  .strictObject({
    type: z.literal('input_file'),
    file_data: z.string().optional(),
    file_id: z.string().optional(),
    filename: z.string().optional(),
  })
  .refine((file) => (file.file_data === undefined) !== (file.file_id === undefined), 'needs one of file_data and file_id')
const Content = z.union([z.string(), z.array(z.discriminatedUnion('type', [InputText, InputImage, InputFile])).min(1)])

const Item = z.union([
  z.strictObject({ type: z.literal('message'), role: z.enum(['system', 'developer', 'user']), content: Content }),
  z.strictObject({ type: z.literal('message'), role: z.literal('assistant'), content: z.string().min(1) }),
  z.strictObject({
    type: z.literal('function_call'),
    call_id: z.string().min(1),
    name: z.string().min(1),
    arguments: z.string(),
  }),
  z.strictObject({ type: z.literal('function_call_output'), call_id: z.string().min(1), output: Content }),
])

const Tool = z.strictObject({
  type: z.literal('function'),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  description: z.string().optional(),
  parameters: z.looseObject({ type: z.literal('object') }),
  strict: z.boolean(),
})

const Format = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
    schema: z.looseObject({}),
    strict: z.boolean(),
    description: z.string().optional(),
  }),
])

/** Requests for a response as OpenAI's own API accepts them, as far as Weft makes them: an unknown field or item is an error. */
export const StrictResponsesRequest = z
  .strictObject({
    model: z.string().min(1),
    input: z.array(Item).min(1),
    stream: z.literal(true),
    store: z.literal(false),
    max_output_tokens: z.int().min(16).optional(),
    temperature: z.number().min(0).max(2).optional(),
    top_p: z.number().min(0).max(1).optional(),
    tools: z.array(Tool).min(1).optional(),
    tool_choice: z
      .union([z.enum(['none', 'auto', 'required']), z.strictObject({ type: z.literal('function'), name: z.string() })])
      .optional(),
    parallel_tool_calls: z.boolean().optional(),
    text: z.strictObject({ format: Format }).optional(),
    reasoning: z.strictObject({ effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']) }).optional(),
    include: z.array(z.enum(['message.output_text.logprobs', 'reasoning.encrypted_content'])).optional(),
    top_logprobs: z.int().min(0).max(20).optional(),
    user: z.string().optional(),
    prompt_cache_key: z.string().optional(),
  })
  .superRefine(({ input, tools, tool_choice: choice }, context) => {
    const known = new Set<string>()
    input.forEach((item, index) => {
      if (item.type === 'function_call') known.add(item.call_id)
      if (item.type === 'function_call_output' && !known.has(item.call_id))
        context.addIssue({ code: 'custom', path: ['input', index, 'call_id'], message: 'answers no function call' })
    })
    if (choice !== undefined && tools === undefined)
      context.addIssue({ code: 'custom', path: ['tool_choice'], message: 'is only allowed when tools are given' })
  })
