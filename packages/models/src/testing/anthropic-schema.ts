import { z } from 'zod'

const CacheControl = z.strictObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).optional() })
const Text = z.strictObject({ type: z.literal('text'), text: z.string().min(1), cache_control: CacheControl.optional() })
const Image = z.strictObject({
  type: z.literal('image'),
  source: z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('base64'),
      media_type: z.enum(['image/jpeg', 'image/png', 'image/gif', 'image/webp']),
      data: z.base64(),
    }),
    z.strictObject({ type: z.literal('url'), url: z.url() }),
  ]),
})
const Document = z.strictObject({
  type: z.literal('document'),
  source: z.strictObject({ type: z.literal('base64'), media_type: z.literal('application/pdf'), data: z.base64() }),
})
const ToolUse = z.strictObject({
  type: z.literal('tool_use'),
  id: z.string().regex(/^[a-zA-Z0-9_-]+$/),
  name: z.string().min(1),
  input: z.record(z.string(), z.unknown()),
})
const ToolResult = z.strictObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string().min(1),
  content: z.union([z.string(), z.array(z.union([Text, Image]))]).optional(),
  is_error: z.boolean().optional(),
})

/** Anthropic refuses bounds of numbers and texts, and objects that are not closed. */
const OutputSchema = z.looseObject({}).refine((schema) => {
  const text = JSON.stringify(schema)
  const objects = text.match(/"type":"object"/g)?.length ?? 0
  return (
    !/"(minimum|maximum|minLength|maxLength)":\d/.test(text) &&
    objects === (text.match(/"additionalProperties":false/g)?.length ?? 0)
  )
}, 'has bounds that are not supported, or an object without additionalProperties: false')

const Message = z.discriminatedUnion('role', [
  z.strictObject({
    role: z.literal('user'),
    content: z.union([z.string().min(1), z.array(z.union([Text, Image, Document, ToolResult])).min(1)]),
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.union([z.string().min(1), z.array(z.union([Text, ToolUse])).min(1)]),
  }),
])

const single = { disable_parallel_tool_use: z.boolean().optional() }

/** Messages requests as Anthropic's own API accepts them; sampling options are refused, as current models do. */
export const StrictMessagesRequest = z
  .strictObject({
    model: z.string().min(1),
    max_tokens: z.int().positive(),
    messages: z.array(Message).min(1),
    system: z.union([z.string().min(1), z.array(Text)]).optional(),
    stream: z.boolean().optional(),
    stop_sequences: z.array(z.string().regex(/\S/, 'must contain a character that is not white space')).optional(),
    tools: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
          description: z.string().optional(),
          input_schema: z.looseObject({ type: z.literal('object') }),
        }),
      )
      .optional(),
    tool_choice: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('auto'), ...single }),
        z.strictObject({ type: z.literal('any'), ...single }),
        z.strictObject({ type: z.literal('tool'), name: z.string(), ...single }),
        z.strictObject({ type: z.literal('none') }),
      ])
      .optional(),
    cache_control: CacheControl.optional(),
    metadata: z.strictObject({ user_id: z.string().optional() }).optional(),
    output_config: z
      .strictObject({
        effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).optional(),
        format: z.strictObject({ type: z.literal('json_schema'), schema: OutputSchema }).optional(),
      })
      .optional(),
  })
  .superRefine(({ messages }, context) => {
    const fail = (index: number, message: string) => context.addIssue({ code: 'custom', path: ['messages', index], message })
    if (messages[0]?.role !== 'user') fail(0, 'the first message must have role user')
    messages.forEach(({ role, content }, index) => {
      if (role !== 'user' || typeof content === 'string') return
      const before = messages[index - 1]
      const used =
        typeof before?.content === 'object'
          ? before.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))
          : []
      const answered = content.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []))
      if (answered.some((id) => !used.includes(id))) fail(index, 'a tool_result has no tool_use in the message before')
      if (used.some((id) => !answered.includes(id))) fail(index, 'a tool_use has no tool_result')
    })
  })
