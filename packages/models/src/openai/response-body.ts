import { ModelError } from '../model-error.ts'
import type { ModelRequest, ModelTool, ToolChoice } from '../model-request.ts'
import type { ProviderCall } from '../provider.ts'
import { itemsFromMessages } from './items-from-messages.ts'

/** Capabilities for which the wire of responses has no field, whatever the model can do. */
export const notInResponses: ReadonlySet<string> = new Set(['seed', 'n', 'penalties', 'audio'])

/** The body that asks for a streamed response, which the provider is told not to store. Throws ModelError for what has no counterpart. */
export function responseBody({ request, modelName, capabilities }: ProviderCall): Record<string, unknown> {
  const samples = capabilities?.includes('sampling') ?? false
  if (request.stop !== undefined && request.stop.length > 0)
    throw new ModelError('invalid_request', `${request.model}: 'stop' has no counterpart on the wire of responses`, {
      param: 'stop',
    })
  const body = {
    model: modelName,
    input: itemsFromMessages(request.messages),
    stream: true,
    store: false,
    max_output_tokens: request.maxOutputTokens,
    temperature: samples ? request.temperature : undefined,
    top_p: samples ? request.topP : undefined,
    ...toolFields(request),
    ...logprobsFields(request),
    text: textFormat(request),
    reasoning: request.reasoningEffort === undefined ? undefined : { effort: request.reasoningEffort },
    user: request.user,
    prompt_cache_key: request.promptCacheKey,
  }
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
}

function toolFields({ tools, toolChoice, parallelToolCalls }: ModelRequest): Record<string, unknown> {
  if (tools === undefined || tools.length === 0) return {}
  return {
    tools: tools.map(functionTool),
    tool_choice: toolChoice === undefined ? undefined : choiceOf(toolChoice),
    parallel_tool_calls: parallelToolCalls,
  }
}

/** On this wire functions are strict by default, in chat completions they are not, so `strict` is always sent. */
function functionTool({ function: { name, description, parameters, strict } }: ModelTool): object {
  return {
    type: 'function',
    name,
    ...(description === undefined ? {} : { description }),
    parameters: parameters ?? { type: 'object', properties: {} },
    strict: strict ?? false,
  }
}

function choiceOf(choice: ToolChoice): unknown {
  return typeof choice === 'string' ? choice : { type: 'function', name: choice.function.name }
}

function logprobsFields({ logprobs, topLogprobs }: ModelRequest): Record<string, unknown> {
  return logprobs === true ? { include: ['message.output_text.logprobs'], top_logprobs: topLogprobs } : {}
}

function textFormat({ responseFormat }: ModelRequest): unknown {
  if (responseFormat === undefined || responseFormat.type === 'text') return undefined
  if (responseFormat.type === 'json_object') return { format: { type: 'json_object' } }
  const { name, schema, strict, ...more } = responseFormat.json_schema
  const description = typeof more.description === 'string' ? { description: more.description } : {}
  return { format: { type: 'json_schema', name, schema: schema ?? {}, strict: strict ?? false, ...description } }
}
