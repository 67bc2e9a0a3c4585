import { z } from 'zod'
import type { ModelRequest } from '../model-request.ts'
import { estimateTokens } from '../tokens/estimate-tokens.ts'

/** How much a call sends and may answer. */
export interface CallContent {
  isStreamed: boolean
  /** Estimated from characters; the call's end may know better. */
  inputTokens: number
  /** The size of what is sent, which bounds its tokens: no tokenizer makes more tokens of a text than it has bytes. */
  inputBytes: number
  /** The most tokens that images and files may add, which the bytes do not bound. */
  mediaTokens?: number | undefined
  /** The longest answer the request allows, in tokens; the model's own limit may be lower. */
  outputTokensMax?: number | undefined
  /** Answers asked for at once: `n` of a chat completion. */
  answers: number
  /** What is sent, as far as it is text, for a count when the provider makes none. */
  inputText?: (() => string) | undefined
}

export function contentOfRequest(request: ModelRequest): CallContent {
  const { messages, tools, responseFormat, maxOutputTokens } = request
  return {
    isStreamed: true,
    inputTokens: estimateTokens(charsOf(messages) + (tools === undefined ? 0 : JSON.stringify(tools).length)),
    inputBytes: Buffer.byteLength(JSON.stringify({ messages, tools, responseFormat })),
    mediaTokens: mediaTokensOf(messages),
    outputTokensMax: maxOutputTokens,
    answers: 1,
    inputText: () => textOf(messages, tools),
  }
}

/** The content of a call with a chat completion body. `text` is the body as it is sent. */
export function contentOfBody(body: Record<string, unknown>, text: string): CallContent {
  const { messages, tools } = body
  return {
    isStreamed: body.stream === true,
    inputTokens: estimateTokens(charsOf(messages) + (tools === undefined ? 0 : JSON.stringify(tools).length)),
    inputBytes: Buffer.byteLength(text),
    mediaTokens: mediaTokensOf(messages),
    outputTokensMax: countOf(body.max_completion_tokens ?? body.max_tokens),
    answers: countOf(body.n) ?? 1,
    inputText: () => textOf(messages, tools),
  }
}

const Count = z.int().positive()

function countOf(value: unknown): number | undefined {
  return value == null ? undefined : Count.safeParse(value).data
}

/** Counts the characters of text in messages of OpenAI's shape, tool calls included. Anything of another shape is not counted. */
function charsOf(messages: unknown): number {
  let chars = 0
  for (const text of textsOf(messages)) chars += text.length
  return chars
}

/** The text of a conversation, roughly as models are given it; images and the like are left out. */
function textOf(messages: unknown, tools: unknown): string {
  return [...textsOf(messages), ...(tools === undefined ? [] : [JSON.stringify(tools)])].join('\n')
}

function* textsOf(messages: unknown): Generator<string> {
  if (!Array.isArray(messages)) return
  for (const message of messages) {
    if (typeof message !== 'object' || message === null) continue
    if ('content' in message) yield* contentTexts(message.content)
    if ('tool_calls' in message && message.tool_calls != null) yield JSON.stringify(message.tool_calls)
  }
}

function* contentTexts(content: unknown): Generator<string> {
  if (typeof content === 'string') yield content
  if (!Array.isArray(content)) return
  for (const part of content) {
    if (typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string') yield part.text
  }
}

/** gpt-4o-mini takes the most tokens for an image: 2,833 and 5,667 for each of up to 8 tiles (OpenAI, Images and vision, 2026-11). */
const imageTokensMax = 2_833 + 8 * 5_667
/** A file may fill the model's whole context: the length of one that the provider holds is not known here, and a small one may have many pages, each read as a picture. */
const fileTokensMax = 2_097_152

const Media = z.union([
  z.object({
    type: z.literal('image_url'),
    image_url: z.union([z.string(), z.object({ url: z.string() }).transform(({ url }) => url)]),
  }),
  z.object({ type: z.literal('file') }),
])

function mediaTokensOf(messages: unknown): number {
  if (!Array.isArray(messages)) return 0
  let tokens = 0
  for (const message of messages) {
    const content: unknown = Object(message).content
    if (Array.isArray(content)) for (const part of content) tokens += mediaTokensIn(part)
  }
  return tokens
}

/** The tokens of an image or file beyond those that its bytes bound already: a small image may make more tokens than it has bytes. */
function mediaTokensIn(part: unknown): number {
  const media = Media.safeParse(part)
  if (!media.success) return 0
  if (media.data.type === 'file') return fileTokensMax
  const { image_url: url } = media.data
  return Math.max(0, imageTokensMax - (url.startsWith('data:') ? url.length : 0))
}
