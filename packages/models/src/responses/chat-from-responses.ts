import { type ChatMessage, WeftError } from '@weft/contracts'
import { messagesFromItems } from './messages-from-items.ts'
import type { ResponseItem, ResponsesRequest } from './responses-request.ts'
import { checkToolChoice } from './tool-choice.ts'
import { unheededKeys } from './unheeded-keys.ts'

export interface TranslatedResponsesRequest {
  /** The body of a chat completion that asks the same. */
  chat: Record<string, unknown> & { model: string; messages: ChatMessage[] }
  /** Fields that had no effect. */
  ignored: string[]
}

/** The fields that have an effect, some of them only where the response is stored and shown. */
const usedFields = new Set([
  ...['model', 'input', 'instructions', 'stream', 'stream_options', 'store', 'previous_response_id', 'max_output_tokens'],
  ...['temperature', 'top_p', 'top_logprobs', 'parallel_tool_calls', 'tools', 'tool_choice', 'text', 'reasoning', 'include'],
  ...['metadata', 'truncation', 'background', 'user', 'safety_identifier', 'service_tier', 'prompt_cache_key', 'weft'],
])

const logprobsWish = 'message.output_text.logprobs'

/**
 * Translates a request on the wire of responses into a chat completion request. `history` holds the items of the conversation before it. Throws `invalid_request`
 * naming what has no counterpart.
 */
export function chatFromResponses(request: ResponsesRequest, history: ResponseItem[] = []): TranslatedResponsesRequest {
  refuseUnsupported(request)
  const { input, instructions } = request
  const items: ResponseItem[] = typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : input
  const translated = messagesFromItems(items)
  const messages = [
    ...(instructions == null || instructions === '' ? [] : [{ role: 'system' as const, content: instructions }]),
    ...messagesFromItems(history).messages,
    ...translated.messages,
  ]
  return {
    chat: { ...chatOptions(request), model: request.model, messages },
    ignored: ignoredFields(request, translated.ignored),
  }
}

function refuseUnsupported(request: ResponsesRequest): void {
  const { background, truncation } = request
  if (background === true)
    throw unsupported('background', 'models answer while their caller waits; weft/… models work in the background too')
  if (truncation === 'auto') throw unsupported('truncation', 'nothing is left out of a conversation; shorten it yourself')
  for (const field of ['conversation', 'prompt', 'context_management'])
    if (request[field] != null) throw unsupported(field, 'nothing is kept under such an id here')
  request.tools?.forEach(requireFunctionTool)
  checkToolChoice(request)
}

/** Throws `invalid_request` for a tool, the `index`-th of its request, that is not a function of the caller. */
export function requireFunctionTool({ type, name }: { type: string; name?: string | undefined }, index: number): void {
  if (type === 'function' && name !== undefined) return
  if (type === 'function') throw unsupported(`tools.${index}.name`, 'a function has a name')
  const why = `the tools of models are functions of the caller's, not '${type}'; weft/… models take file_search too`
  throw unsupported(`tools.${index}.type`, why)
}

function unsupported(param: string, why: string): WeftError {
  return new WeftError('invalid_request', `'${param}' is not supported: ${why}`, { param })
}

function chatOptions(request: ResponsesRequest): Record<string, unknown> {
  const wantsLogprobs = request.include?.includes(logprobsWish) === true || (request.top_logprobs ?? 0) > 0
  const all: Record<string, unknown> = {
    stream: request.stream === true ? true : undefined,
    max_completion_tokens: request.max_output_tokens,
    temperature: request.temperature,
    top_p: request.top_p,
    logprobs: wantsLogprobs ? true : undefined,
    top_logprobs: wantsLogprobs ? request.top_logprobs : undefined,
    ...toolOptions(request),
    response_format: responseFormat(request),
    verbosity: request.text?.verbosity,
    reasoning_effort: request.reasoning?.effort,
    user: request.user,
    safety_identifier: request.safety_identifier,
    service_tier: request.service_tier,
    prompt_cache_key: request.prompt_cache_key,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value != null))
}

function toolOptions({ tools, tool_choice: choice, parallel_tool_calls }: ResponsesRequest): Record<string, unknown> {
  const allowed = typeof choice === 'object' && choice?.type === 'allowed_tools' ? choice : undefined
  const names = allowed === undefined ? undefined : new Set(allowed.tools.map(({ name }) => name))
  const offered = (tools ?? []).filter(({ name }) => names === undefined || names.has(name))
  if (offered.length === 0) return {}
  return {
    tools: offered.map(({ name, description, parameters, strict }) => ({
      type: 'function',
      function: {
        name,
        ...(description == null ? {} : { description }),
        ...(parameters == null ? {} : { parameters }),
        ...(strict == null ? {} : { strict }),
      },
    })),
    tool_choice: allowed?.mode ?? chatToolChoice(choice),
    parallel_tool_calls,
  }
}

function chatToolChoice(choice: ResponsesRequest['tool_choice']): unknown {
  return typeof choice === 'object' && choice?.type === 'function'
    ? { type: 'function', function: { name: choice.name } }
    : choice
}

function responseFormat({ text }: ResponsesRequest): unknown {
  const format = text?.format
  if (format == null || format.type === 'text') return undefined
  if (format.type === 'json_object') return { type: 'json_object' }
  const { name, schema, strict, description } = format
  if (name === undefined || schema === undefined)
    throw new WeftError('invalid_request', "the request: 'text.format' needs name and schema", { param: 'text.format' })
  const more = { ...(strict == null ? {} : { strict }), ...(description === undefined ? {} : { description }) }
  return { type: 'json_schema', json_schema: { name, schema, ...more } }
}

function ignoredFields(request: ResponsesRequest, items: string[]): string[] {
  const wishes = (request.include ?? []).filter((wish) => wish !== logprobsWish).map((wish) => `include.${wish}`)
  const summary = request.reasoning?.summary == null ? [] : ['reasoning.summary']
  const padding = request.stream_options?.include_obfuscation === true ? ['stream_options.include_obfuscation'] : []
  const tools = (request.tools ?? []).flatMap((tool, index) => unheededKeys('function', tool, `tools.${index}`))
  const top = Object.keys(request).filter((field) => !usedFields.has(field))
  return [...top, ...wishes, ...summary, ...padding, ...tools, ...items]
}
