import { z } from 'zod'
import { estimateTokens } from '../estimate-tokens.ts'
import type { ModelRequest } from '../model-request.ts'

/** How much a call sends and may answer. */
export interface CallContent {
  isStreamed: boolean
  inputTokens: number
  inputBytes: number
  outputTokensMax?: number | undefined
  answers: number
}

export function contentOfRequest(request: ModelRequest): CallContent {
  const { messages, tools, responseFormat, maxOutputTokens } = request
  return {
    isStreamed: true,
    inputTokens: estimateTokens(charsOf(messages) + (tools === undefined ? 0 : JSON.stringify(tools).length)),
    inputBytes: Buffer.byteLength(JSON.stringify({ messages, tools, responseFormat })),
    outputTokensMax: maxOutputTokens,
    answers: 1,
  }
}

/** Of a chat completion body, and the text it is sent as. */
export function contentOfBody(body: Record<string, unknown>, text: string): CallContent {
  const { messages, tools } = body
  return {
    isStreamed: body.stream === true,
    inputTokens: estimateTokens(charsOf(messages) + (tools === undefined ? 0 : JSON.stringify(tools).length)),
    inputBytes: Buffer.byteLength(text),
    outputTokensMax: countOf(body.max_completion_tokens ?? body.max_tokens),
    answers: countOf(body.n) ?? 1,
  }
}

const Count = z.int().positive()

function countOf(value: unknown): number | undefined {
  return value == null ? undefined : Count.safeParse(value).data
}

/** Characters of text in messages of OpenAI's shape, tool calls included; what has another shape counts nothing. */
function charsOf(messages: unknown): number {
  if (!Array.isArray(messages)) return 0
  let chars = 0
  for (const message of messages) chars += charsOfMessage(message)
  return chars
}

function charsOfMessage(message: unknown): number {
  if (typeof message !== 'object' || message === null) return 0
  const calls = 'tool_calls' in message && message.tool_calls != null ? JSON.stringify(message.tool_calls).length : 0
  return calls + ('content' in message ? charsOfContent(message.content) : 0)
}

function charsOfContent(content: unknown): number {
  if (typeof content === 'string') return content.length
  if (!Array.isArray(content)) return 0
  let chars = 0
  for (const part of content) {
    if (typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string') chars += part.text.length
  }
  return chars
}
