import type { ServerResponse } from 'node:http'
import type { AnswerPiece } from '../responses/answer-piece.ts'
import { ResponsesRequest } from '../responses/responses-request.ts'
import { createResponseWriter, encodeResponseEvent } from '../responses/write-response.ts'
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
import { StrictResponsesRequest } from './responses-schema.ts'

/** A strict local server of the wire of responses, for the key `test-key` and the model `test-model`. */
export function startResponsesServer(): Promise<ModelServer> {
  return startModelServer(
    {
      basePath: '/v1',
      answerGet: (request, response) => {
        if (request.url !== '/v1/models' || request.headers.authorization !== 'Bearer test-key') return false
        const data = [{ id: 'test-model', object: 'model', created: 1_700_000_000, owned_by: 'tests' }]
        sendJson(response, { object: 'list', data })
        return true
      },
      check: (request, body) => {
        if (request.headers.authorization !== 'Bearer test-key')
          return { status: 401, message: 'Incorrect API key provided', code: 'invalid_api_key' }
        if (request.method !== 'POST' || request.url !== '/v1/responses')
          return { status: 404, message: `Unknown request URL: ${request.method} ${request.url}`, code: 'unknown_url' }
        return checkBody(body)
      },
      answer,
      sendRefusal: ({ status, message, param, code }, response) =>
        sendJson(
          response,
          { error: { message, type: 'invalid_request_error', param: param ?? null, code: code ?? null } },
          { status },
        ),
    },
    { kind: 'text', chunks: ['Hello', ' there.'] },
  )
}

function checkBody(body: unknown): Refusal | undefined {
  const parsed = StrictResponsesRequest.safeParse(body)
  if (parsed.success) return undefined
  const issue = parsed.error.issues[0]
  return { status: 400, message: `Invalid value: ${issueText(issue)}`, param: issue?.path.map(String).join('.') ?? '' }
}

async function answer(reply: Reply, { body }: ServedRequest, response: ServerResponse): Promise<void> {
  if (reply.kind === 'error') {
    const { status, code, type, message, headers } = reply
    const error = { message: message ?? `status ${status}`, type: type ?? 'server_error', param: null, code: code ?? null }
    sendJson(response, { error }, { status, headers })
    return
  }
  const identity = { id: 'resp_upstream', model: 'test-model-2026-01-01', createdAt: 1_700_000_000, isStored: false }
  const wish = ResponsesRequest.parse(body)
  const writer = createResponseWriter(wish, identity)
  openEventStream(response)
  const pieces = [writer.start(), ...piecesOf(reply).map((piece) => writer.accept(withLogprobs(piece, wish)))]
  const delayMs = reply.kind === 'text' ? reply.delayMs : 0
  await writePaced(
    response,
    pieces.map((events) => events.map(encodeResponseEvent).join('')),
    delayMs,
  )
  if (reply.kind === 'stall') return
  if (reply.kind === 'cut') setImmediate(() => response.destroy())
  else if (reply.kind === 'unfinished') response.end()
  else {
    const { message } = reply.kind === 'stream_error' ? reply : { message: '' }
    const last =
      reply.kind === 'stream_error'
        ? writer.fail({ code: reply.type, message, param: null }, false).slice(1)
        : writer.finish().events
    response.end(last.map(encodeResponseEvent).join(''))
  }
}

/** A piece is one token to this server. */
function withLogprobs(piece: AnswerPiece, { include, top_logprobs: top }: ResponsesRequest): AnswerPiece {
  if (piece.type !== 'text' || include?.includes('message.output_text.logprobs') !== true) return piece
  const likelihood = { token: piece.delta, logprob: -0.5 }
  return { ...piece, logprobs: [{ ...likelihood, top_logprobs: top === 0 || top == null ? [] : [likelihood] }] }
}

function piecesOf(reply: Exclude<Reply, { kind: 'error' }>): AnswerPiece[] {
  if (reply.kind === 'tool_calls') {
    const calls = reply.calls.flatMap(({ id, name, arguments: text }, index): AnswerPiece[] => [
      { type: 'tool_call', index, id, name, argumentsDelta: '' },
      { type: 'tool_call', index, argumentsDelta: text.slice(0, 4) },
      { type: 'tool_call', index, argumentsDelta: text.slice(4) },
    ])
    return [...(reply.text === undefined ? [] : [{ type: 'text' as const, delta: reply.text }]), ...calls, usage]
  }
  const text = reply.chunks.map((delta): AnswerPiece => ({ type: 'text', delta }))
  if (reply.kind !== 'text') return text
  const { reasoning, refusal, finishReason, inputTokens = 11, outputTokens = 7, cachedTokens = 0, withoutUsage } = reply
  return [
    ...(reasoning === undefined ? [] : [{ type: 'reasoning' as const, delta: reasoning }]),
    ...(refusal === undefined ? text : [{ type: 'refusal' as const, delta: refusal }]),
    ...(finishReason === 'length' || finishReason === 'content_filter'
      ? [{ type: 'finish' as const, reason: finishReason as 'length' | 'content_filter' }]
      : []),
    ...(withoutUsage ? [] : [{ ...usage, inputTokens, outputTokens, cachedInputTokens: cachedTokens }]),
  ]
}

const usage = { type: 'tokens' as const, inputTokens: 11, outputTokens: 7, cachedInputTokens: 0, reasoningTokens: 3 }
