import { type ChatCompletionRequest, isMode, type ReplyDetail, WeftError } from '@weft/contracts'
import { z } from 'zod'
import { approvalTool } from './tool-answers.ts'

/** Fields of a chat request that shape an agent's model call; the rest is either Weft's own or not for workflows. */
const modelOptionFields = [
  'temperature',
  'top_p',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'seed',
  'reasoning_effort',
  'presence_penalty',
  'frequency_penalty',
] as const

const usedFields: ReadonlySet<string> = new Set([
  ...modelOptionFields,
  ...[
    'model',
    'messages',
    'stream',
    'stream_options',
    'user',
    'safety_identifier',
    'weft',
    'n',
    'tools',
    'tool_choice',
    'response_format',
    'logprobs',
    'store',
    'metadata',
  ],
])

export function isWorkflowModel(model: string): boolean {
  return model.startsWith('weft/')
}

/** Refuses what a workflow cannot honour instead of quietly leaving it out. Throws `invalid_request` or `model_not_found` with `param`. */
export function checkWorkflowRequest(request: ChatCompletionRequest): void {
  const mode = request.model.slice('weft/'.length)
  if (!isMode(mode))
    throw new WeftError('model_not_found', `there is no model '${request.model}': GET /v1/models lists them`, { param: 'model' })
  const wished = request.weft?.mode
  if (wished !== undefined && !isMode(wished))
    throw new WeftError('invalid_request', `there is no mode '${wished}'`, { param: 'weft.mode' })
  if (request.weft?.routing !== undefined)
    throw unsupported('weft.routing', "a workflow's steps name what they want of their models; it is for the model router/auto")
  if ((request.n ?? 1) > 1) throw unsupported('n', 'a workflow gives one answer')
  refuseTools(request)
  if (request.logprobs === true) throw unsupported('logprobs', 'a workflow has no token probabilities')
  if (isStructured(request.response_format)) throw unsupported('response_format', 'a workflow answers in text')
}

/** Tools that are only offered are left alone, as any model may leave them; one that has to be called is not. */
function refuseTools(request: ChatCompletionRequest): void {
  const { tool_choice: choice, weft } = request
  if (leftTools(request).length === 0) return
  if (weft?.approval === 'tool_call') throw unsupported('tools', "with weft.approval 'tool_call' the only tool is weft_approval")
  if (choice != null && choice !== 'auto' && choice !== 'none')
    throw unsupported('tool_choice', "a workflow cannot call the client's tools")
}

/** The tools of a request that no workflow calls: all but `weft_approval`, which a client that wants to be asked by tool calls may declare. */
function leftTools({ tools, weft }: ChatCompletionRequest): unknown[] {
  return (tools ?? []).filter((tool) => weft?.approval !== 'tool_call' || !ApprovalTool.safeParse(tool).success)
}

const ApprovalTool = z.looseObject({ function: z.looseObject({ name: z.literal(approvalTool) }) })

function unsupported(param: string, why: string): WeftError {
  return new WeftError(
    'invalid_request',
    `'${param}' does not go with weft/… models: ${why}; name a <provider>/<model> instead`,
    { param },
  )
}

function isStructured(format: unknown): boolean {
  return typeof format === 'object' && format !== null && 'type' in format && format.type !== 'text'
}

export function modelOptionsOf(request: ChatCompletionRequest): Record<string, unknown> {
  return Object.fromEntries(modelOptionFields.flatMap((field) => (request[field] == null ? [] : [[field, request[field]]])))
}

/** How much of the turn is shown to the client while it follows the answer. */
export function replyDetailOf({ stream, weft }: ChatCompletionRequest): ReplyDetail {
  if (stream === true) return 'text'
  return weft?.progress === false ? 'end' : 'events'
}

/** Names of fields that had no effect, fit for a response header. */
export function ignoredFields(request: ChatCompletionRequest): string[] {
  const top = Object.keys(request).filter((field) => !usedFields.has(field))
  return [...top, ...ignoredWishes(request)].filter((name) => /^[\w.-]{1,64}$/.test(name)).slice(0, 32)
}

/** Fields that are known and yet have no effect: models in a workflow use the fallbacks of the registry, and nothing in a workflow depends on a date. */
export function ignoredWishes(request: ChatCompletionRequest): string[] {
  const { fallbacks, asOf } = request.weft ?? {}
  return [
    ...(leftTools(request).length > 0 ? ['tools'] : []),
    ...(fallbacks === undefined ? [] : ['weft.fallbacks']),
    ...(asOf === undefined ? [] : ['weft.asOf']),
  ]
}

/** `weft` if a request that goes straight to a model has fields of Weft's there that have no effect: all but those that choose the model, and `cache`. */
export function ignoredBeyondRouting(chat: Pick<ChatCompletionRequest, 'weft'>, isRouted: boolean): string[] {
  const { routing, cache: _cache, fallbacks, ...others } = chat.weft ?? {}
  const isUsed = isRouted ? fallbacks === undefined : routing === undefined
  return Object.keys(others).length > 0 || !isUsed ? ['weft'] : []
}
