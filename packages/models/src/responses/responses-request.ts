import { chatLimits, WeftOptions } from '@weft/contracts'
import { z } from 'zod'

const itemsMax = 2_000
/** OpenAI's API reference, responses. */
const metadataMax = 16

const FunctionTool = z.looseObject({
  type: z.string(),
  name: z.string().min(1).max(64).optional(),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
})

const TextFormat = z.looseObject({
  type: z.enum(['text', 'json_object', 'json_schema']),
  name: z.string().optional(),
  description: z.string().optional(),
  schema: z.record(z.string(), z.unknown()).optional(),
  strict: z.boolean().nullish(),
})

const ToolChoice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.looseObject({ type: z.literal('function'), name: z.string() }),
  z.looseObject({ type: z.literal('file_search') }),
  z.looseObject({
    type: z.literal('allowed_tools'),
    mode: z.enum(['auto', 'required']),
    tools: z.array(z.looseObject({ type: z.string(), name: z.string().optional() })).min(1),
  }),
])

/** `POST /v1/responses`. The items of `input` are checked later, one by one, so that a refusal names the item that is wrong. */
export const ResponsesRequest = z.looseObject({
  model: z.string().min(1).max(chatLimits.modelLengthMax),
  input: z.union([
    z.string(),
    z
      .array(z.looseObject({ type: z.string().optional() }))
      .min(1)
      .max(itemsMax),
  ]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  previous_response_id: z.string().max(256).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  tools: z.array(FunctionTool).max(chatLimits.toolsMax).nullish(),
  tool_choice: ToolChoice.nullish(),
  text: z.looseObject({ format: TextFormat.nullish(), verbosity: z.string().nullish() }).nullish(),
  reasoning: z.looseObject({ effort: z.string().nullish() }).nullish(),
  include: z.array(z.string()).max(32).nullish(),
  metadata: z
    .record(z.string().max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= metadataMax, `at most ${metadataMax} pairs`)
    .nullish(),
  stream_options: z.looseObject({ include_obfuscation: z.boolean().nullish() }).nullish(),
  truncation: z.enum(['auto', 'disabled']).nullish(),
  background: z.boolean().nullish(),
  user: z.string().max(256).nullish(),
  safety_identifier: z.string().max(256).nullish(),
  service_tier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  weft: WeftOptions.optional(),
})
export type ResponsesRequest = z.infer<typeof ResponsesRequest>

/** One item of a conversation on the wire of responses. */
export type ResponseItem = { type?: string | undefined; [field: string]: unknown }
