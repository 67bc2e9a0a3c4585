import type { IncomingMessage, ServerResponse } from 'node:http'
import { StrictMessagesRequest } from './anthropic-schema.ts'
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
import { issueText } from './openai-server.ts'

export interface AnthropicServerOptions {
  /** The only key it takes; default `test-key`. */
  apiKey?: string
  models?: string[]
  /** Default: a free one. */
  port?: number
  reply?: Reply
}

/** A strict local server of Anthropic's Messages wire. */
export function startAnthropicServer(options: AnthropicServerOptions = {}): Promise<ModelServer> {
  const { apiKey = 'test-key', models = ['claude-test'], reply = { kind: 'text', chunks: ['Hello', ' there.'] } } = options
  return startModelServer(
    {
      basePath: '',
      answerGet: (request, response) => {
        if (!request.url?.startsWith('/v1/models') || !isAllowed(request, apiKey)) return false
        const data = models.map((id) => ({ id, type: 'model', display_name: id, created_at: '2026-01-01T00:00:00Z' }))
        sendJson(response, { data, has_more: false, first_id: models[0], last_id: models.at(-1) })
        return true
      },
      check: (request, body) => {
        if (!isAllowed(request, apiKey)) return { status: 401, message: 'invalid x-api-key' }
        if (request.headers['anthropic-version'] === undefined)
          return { status: 400, message: 'anthropic-version: header is required' }
        if (request.method !== 'POST' || request.url !== '/v1/messages')
          return { status: 404, message: `${request.method} ${request.url}` }
        return checkBody(body, models)
      },
      answer,
      sendRefusal: ({ status, message }, response) => sendError(response, { status, message }),
    },
    reply,
    options.port,
  )
}

/** The API takes a key in either header; the SDK sends it as a bearer token. */
function isAllowed({ headers }: IncomingMessage, apiKey: string): boolean {
  return headers['x-api-key'] === apiKey || headers.authorization === `Bearer ${apiKey}`
}

function checkBody(body: unknown, models: string[]): Refusal | undefined {
  const parsed = StrictMessagesRequest.safeParse(body)
  if (!parsed.success) return { status: 400, message: issueText(parsed.error.issues[0]) }
  return models.includes(parsed.data.model) ? undefined : { status: 404, message: `model: ${parsed.data.model}` }
}

const errorTypes = new Map([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [529, 'overloaded_error'],
])

function sendError(
  response: ServerResponse,
  error: { status: number; message: string; type?: string; headers?: Record<string, string> },
): void {
  const type = error.type ?? errorTypes.get(error.status) ?? 'api_error'
  sendJson(response, { type: 'error', error: { type, message: error.message }, request_id: 'req_upstream' }, error)
}

async function answer(reply: Reply, served: ServedRequest, response: ServerResponse): Promise<void> {
  if (reply.kind === 'error') {
    const { status, message = `status ${status}`, type, headers } = reply
    sendError(response, {
      status,
      message,
      ...(type === undefined ? {} : { type }),
      ...(headers === undefined ? {} : { headers }),
    })
    return
  }
  openEventStream(response)
  const input = reply.kind === 'text' ? (reply.inputTokens ?? 11) - (reply.cachedTokens ?? 0) : 11
  const cached = reply.kind === 'text' ? (reply.cachedTokens ?? 0) : 0
  const usage = { input_tokens: input, cache_read_input_tokens: cached, cache_creation_input_tokens: 0, output_tokens: 1 }
  const message = {
    id: 'msg_upstream',
    type: 'message',
    role: 'assistant',
    model: `${String(served.body.model)}-20260101`,
    content: [],
    stop_reason: null,
    usage,
  }
  const pieces = [event('message_start', { message }), event('ping', {}), ...blocksOf(reply)]
  await writePaced(response, pieces, reply.kind === 'text' ? reply.delayMs : 0)
  finish(reply, response)
}

type Answer = Exclude<Reply, { kind: 'error' }>

function finish(reply: Answer, response: ServerResponse): void {
  switch (reply.kind) {
    case 'stall':
      return
    case 'cut':
      setImmediate(() => response.destroy())
      return
    case 'unfinished':
      response.end()
      return
    case 'stream_error':
      response.end(event('error', { error: { type: reply.type, message: reply.message } }))
      return
    default: {
      const stop = reply.kind === 'tool_calls' ? 'tool_use' : (reply.finishReason ?? 'end_turn')
      const output = reply.kind === 'text' ? (reply.outputTokens ?? 7) : 7
      response.write(
        event('message_delta', { delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: output } }),
      )
      response.end(event('message_stop', {}))
    }
  }
}

function event(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
}

function block(index: number, start: object, deltas: object[]): string[] {
  return [
    event('content_block_start', { index, content_block: start }),
    ...deltas.map((delta) => event('content_block_delta', { index, delta })),
    event('content_block_stop', { index }),
  ]
}

function blocksOf(reply: Answer): string[] {
  if (reply.kind === 'tool_calls') {
    const text = reply.text === undefined ? [] : block(0, { type: 'text', text: '' }, [{ type: 'text_delta', text: reply.text }])
    const calls = reply.calls.flatMap(({ id, name, arguments: json }, index) => {
      const half = Math.ceil(json.length / 2)
      const pieces = json === '{}' ? [''] : ['', json.slice(0, half), json.slice(half)]
      const deltas = pieces.map((partial_json) => ({ type: 'input_json_delta', partial_json }))
      return block(index + 1, { type: 'tool_use', id, name, input: {} }, deltas)
    })
    return [...text, ...calls]
  }
  const thinking = reply.kind === 'text' && reply.reasoning !== undefined ? reply.reasoning : undefined
  const thought =
    thinking === undefined
      ? []
      : block(0, { type: 'thinking', thinking: '', signature: '' }, [{ type: 'thinking_delta', thinking }])
  const text = block(
    thought.length === 0 ? 0 : 1,
    { type: 'text', text: '' },
    reply.chunks.map((chunk) => ({ type: 'text_delta', text: chunk })),
  )
  // Unless the answer is whole, its block is still open when it breaks off.
  return [...thought, ...(reply.kind === 'text' ? text : text.slice(0, -1))]
}
