import type { ServerResponse } from 'node:http'
import type { z } from 'zod'
import {
  type ModelServer,
  openEventStream,
  type Refusal,
  type Reply,
  type ServedRequest,
  sendJson,
  startModelServer,
  writePaced,
} from './model-server.ts'
import { embeddingsBody, StrictEmbeddingsRequest } from './openai-embeddings.ts'
import { StrictChatRequest } from './openai-schema.ts'

export interface OpenAiServerOptions {
  /** The only key it takes; default `test-key`. */
  apiKey?: string
  /** What `/v1/models` lists and chat completions accept; default `test-model`. */
  models?: string[]
  /** Default: a free one. */
  port?: number
  /** The reply to requests that are not scripted. */
  reply?: Reply
}

const embeddingsPath = '/v1/embeddings'

/** A strict local server of OpenAI's wires of chat completions and of embeddings, which any model makes here. */
export function startOpenAiServer(options: OpenAiServerOptions = {}): Promise<ModelServer> {
  const { apiKey = 'test-key', models = ['test-model'], reply = { kind: 'text', chunks: ['Hello', ' there.'] } } = options
  return startModelServer(
    {
      basePath: '/v1',
      answerGet: (request, response) => {
        if (request.url !== '/v1/models' || request.headers.authorization !== `Bearer ${apiKey}`) return false
        const data = models.map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'tests' }))
        sendJson(response, { object: 'list', data })
        return true
      },
      check: (request, body) => {
        if (request.headers.authorization !== `Bearer ${apiKey}`) {
          return {
            status: 401,
            message: `Incorrect API key provided: ${request.headers.authorization ?? 'none'}`,
            code: 'invalid_api_key',
          }
        }
        if (request.method === 'POST' && request.url === embeddingsPath) return checkEmbeddings(body)
        if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
          return { status: 404, message: `Unknown request URL: ${request.method} ${request.url}`, code: 'unknown_url' }
        }
        return checkBody(body, models)
      },
      answer,
      sendRefusal: ({ status, message, param, code }, response) =>
        sendJson(
          response,
          { error: { message, type: 'invalid_request_error', param: param ?? null, code: code ?? null } },
          { status },
        ),
    },
    reply,
    options.port,
  )
}

function checkEmbeddings(body: unknown): Refusal | undefined {
  const parsed = StrictEmbeddingsRequest.safeParse(body)
  return parsed.success ? undefined : { status: 400, message: `Invalid value: ${issueText(parsed.error.issues[0])}` }
}

function checkBody(body: unknown, models: string[]): Refusal | undefined {
  const parsed = StrictChatRequest.safeParse(body)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    return { status: 400, message: `Invalid value: ${issueText(issue)}`, param: issue?.path.map(String).join('.') ?? '' }
  }
  if (models.includes(parsed.data.model)) return undefined
  return { status: 404, message: `The model '${parsed.data.model}' does not exist`, param: 'model', code: 'model_not_found' }
}

export function issueText(issue: z.core.$ZodIssue | undefined): string {
  return issue === undefined
    ? 'unknown'
    : `${issue.path.map(String).join('.')} ${issue.message} ${issue.code === 'unrecognized_keys' ? issue.keys.join() : ''}`.trim()
}

async function answer(reply: Reply, served: ServedRequest, response: ServerResponse): Promise<void> {
  if (reply.kind === 'error') {
    const { status, code, type, message, headers } = reply
    sendJson(
      response,
      { error: { message: message ?? `status ${status}`, type: type ?? 'server_error', param: null, code: code ?? null } },
      { status, headers },
    )
    return
  }
  if (reply.kind === 'text') await reply.until
  if (served.path === embeddingsPath) sendJson(response, embeddingsBody(served.body))
  else if (served.body.stream === true) await answerStream(reply, served, response)
  else await answerWhole(reply, served, response)
}

type Answer = Exclude<Reply, { kind: 'error' }>

async function answerStream(reply: Answer, served: ServedRequest, response: ServerResponse): Promise<void> {
  const includesUsage = Reflect.get(Object(served.body.stream_options), 'include_usage') === true
  const event = (choices: object[], usage?: object | null) =>
    `data: ${JSON.stringify({ ...head(served, 'chat.completion.chunk'), choices, ...(includesUsage ? { usage: usage ?? null } : {}) })}\n\n`
  const delta = (value: object, reason: string | null = null) =>
    event([{ index: 0, delta: value, logprobs: null, finish_reason: reason }])
  openEventStream(response)
  const pieces = [delta({ role: 'assistant', content: '', refusal: null }), ...contentOf(reply).map((value) => delta(value))]
  await writePaced(response, pieces, reply.kind === 'text' ? reply.delayMs : 0)
  if (reply.kind === 'stall') return
  if (reply.kind === 'cut') {
    setImmediate(() => response.destroy())
    return
  }
  if (reply.kind === 'stream_error') {
    response.end(`data: ${JSON.stringify({ error: { message: reply.message, type: reply.type, param: null, code: null } })}\n\n`)
    return
  }
  if (reply.kind === 'unfinished') {
    response.end()
    return
  }
  response.write(delta({}, finishOf(reply)))
  if (includesUsage && !(reply.kind === 'text' && reply.withoutUsage)) response.write(event([], usageOf(reply)))
  response.end('data: [DONE]\n\n')
}

/** Broken replies have no sense without a stream: the socket is cut, or nothing comes. */
async function answerWhole(reply: Answer, served: ServedRequest, response: ServerResponse): Promise<void> {
  if (reply.kind === 'stall') return
  if (reply.kind !== 'text' && reply.kind !== 'tool_calls') {
    response.destroy()
    return
  }
  const text = reply.kind === 'text' ? reply.chunks.join('') : (reply.text ?? null)
  const calls = reply.kind === 'tool_calls' ? { tool_calls: reply.calls.map(toolCall) } : {}
  const message = { role: 'assistant', content: text, refusal: null, ...calls }
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finishOf(reply) }]
  const usage = reply.kind === 'text' && reply.withoutUsage ? {} : { usage: usageOf(reply) }
  sendJson(response, { ...head(served, 'chat.completion'), choices, ...usage })
}

function head(served: ServedRequest, object: string): object {
  return {
    id: 'chatcmpl-upstream',
    object,
    created: 1_700_000_000,
    model: `${String(served.body.model)}-2026-01-01`,
    system_fingerprint: 'fp_test',
  }
}

function contentOf(reply: Answer): object[] {
  if (reply.kind === 'tool_calls') {
    const text = reply.text === undefined ? [] : [{ content: reply.text }]
    return [...text, ...reply.calls.flatMap(toolCallDeltas)]
  }
  const reasoning = reply.kind === 'text' && reply.reasoning !== undefined ? [{ reasoning_content: reply.reasoning }] : []
  return [...reasoning, ...reply.chunks.map((content) => ({ content }))]
}

type Call = { id: string; name: string; arguments: string }

function toolCall({ id, name, arguments: text }: Call): object {
  return { id, type: 'function', function: { name, arguments: text } }
}

/** As OpenAI does: the first fragment names the call, the arguments follow in pieces. */
function toolCallDeltas({ id, name, arguments: text }: Call, index: number): object[] {
  const half = Math.ceil(text.length / 2)
  const pieces = [text.slice(0, half), text.slice(half)].filter((piece) => piece !== '')
  return [
    { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] },
    ...pieces.map((piece) => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
  ]
}

function finishOf(reply: Answer): string {
  if (reply.kind === 'tool_calls') return 'tool_calls'
  return (reply.kind === 'text' ? reply.finishReason : undefined) ?? 'stop'
}

function usageOf(reply: Answer): object {
  const text = reply.kind === 'text' ? reply : undefined
  const input = text?.inputTokens ?? 11
  const output = text?.outputTokens ?? 7
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: text?.cachedTokens ?? 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  }
}
