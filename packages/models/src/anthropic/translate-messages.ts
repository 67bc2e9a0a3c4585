import { type ChatMessage, messageText } from '@weft/contracts'
import { z } from 'zod'
import { ModelError } from '../model-error.ts'

type Block = { type: string; [key: string]: unknown }

export interface TranslatedMessage {
  role: 'user' | 'assistant'
  content: Block[]
}

/** All system and developer messages as one text, because the Messages wire has one place for them. */
export function systemText(messages: ChatMessage[]): string {
  return messages.filter(isInstruction).map(messageText).join('\n\n')
}

/** The conversation as Anthropic's messages: tool results become blocks of the user, and neighbours of one role are joined. Throws ModelError. */
export function translateMessages(messages: ChatMessage[]): TranslatedMessage[] {
  const translated: TranslatedMessage[] = []
  for (const [index, message] of messages.entries()) {
    if (isInstruction(message)) continue
    const next = translateMessage(message, index)
    const last = translated.at(-1)
    if (next.content.length === 0) continue
    if (last === undefined && next.role !== 'user')
      throw refuse(index, "Anthropic's conversations begin with a message of the user")
    if (last?.role === next.role) last.content.push(...next.content)
    else translated.push(next)
  }
  return translated
}

function isInstruction(message: ChatMessage): boolean {
  return message.role === 'system' || message.role === 'developer'
}

function translateMessage(message: ChatMessage, index: number): TranslatedMessage {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: contentBlocks(message, index) }
    case 'assistant':
      return { role: 'assistant', content: [...contentBlocks(message, index), ...toolUses(message, index)] }
    case 'tool':
      return { role: 'user', content: [toolResult(message, index)] }
    default:
      throw refuse(index, `messages of role '${message.role}' have no counterpart at Anthropic`)
  }
}

function contentBlocks({ content }: ChatMessage, index: number): Block[] {
  const blocks =
    typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []).map((part) => translatePart(part, index))
  // Anthropic takes no text without a letter.
  return blocks.filter(({ type, text }) => type !== 'text' || String(text).trim() !== '')
}

const ImagePart = z.object({ type: z.literal('image_url'), image_url: z.union([z.string(), z.object({ url: z.string() })]) })
const FilePart = z.object({ type: z.literal('file'), file: z.object({ file_data: z.string(), filename: z.string().optional() }) })
/** The field of the other kind may be null: OpenAI's Agents SDK sends the fields of an answer back in its part. */
const TextPart = z.object({ type: z.enum(['text', 'refusal']), text: z.string().nullish(), refusal: z.string().nullish() })
const Part = z.discriminatedUnion('type', [TextPart, ImagePart, FilePart])

const dataUrl = /^data:([a-z]+\/[a-z0-9.+-]+);base64,([A-Za-z0-9+/=\s]+)$/
const imageTypes = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])

function translatePart(part: unknown, index: number): Block {
  const parsed = Part.safeParse(part)
  if (!parsed.success) throw refuse(index, 'this content part has no counterpart at Anthropic', parsed.error)
  switch (parsed.data.type) {
    case 'image_url': {
      const { image_url } = parsed.data
      return imageBlock(typeof image_url === 'string' ? image_url : image_url.url, index)
    }
    case 'file': {
      const [, mediaType, data] = dataUrl.exec(parsed.data.file.file_data) ?? []
      if (mediaType !== 'application/pdf') throw refuse(index, 'files must be PDF data URLs')
      return { type: 'document', source: { type: 'base64', media_type: mediaType, data } }
    }
    default:
      return { type: 'text', text: parsed.data.text ?? parsed.data.refusal ?? '' }
  }
}

function imageBlock(url: string, index: number): Block {
  if (/^https?:\/\//.test(url)) return { type: 'image', source: { type: 'url', url } }
  const [, mediaType, data] = dataUrl.exec(url) ?? []
  if (mediaType === undefined || data === undefined) throw refuse(index, 'images must be http(s) or base64 data URLs')
  if (!imageTypes.has(mediaType)) throw refuse(index, `images of type ${mediaType} are not accepted`)
  return { type: 'image', source: { type: 'base64', media_type: mediaType, data } }
}

const ToolCall = z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) })

function toolUses({ tool_calls: calls }: ChatMessage, index: number): Block[] {
  return (calls ?? []).map((call) => {
    const parsed = ToolCall.safeParse(call)
    if (!parsed.success) throw refuse(index, 'this tool call is not a function call', parsed.error)
    const { id, function: called } = parsed.data
    return { type: 'tool_use', id: callId(id), name: called.name, input: parseArguments(called.arguments, index) }
  })
}

/** Replaces the characters that Anthropic refuses in an id: those of other providers may hold some, as `functions.search:0`. */
function callId(id: string): string {
  return id.replaceAll(/[^a-zA-Z0-9_-]/g, '_')
}

const Arguments = z.record(z.string(), z.unknown())

function parseArguments(text: string, index: number): Record<string, unknown> {
  if (text.trim() === '') return {}
  try {
    return Arguments.parse(JSON.parse(text))
  } catch (cause) {
    throw refuse(index, 'the arguments of a tool call are not a JSON object', cause)
  }
}

function toolResult(message: ChatMessage, index: number): Block {
  if (message.tool_call_id === undefined) throw refuse(index, "a message of role 'tool' needs tool_call_id")
  return { type: 'tool_result', tool_use_id: callId(message.tool_call_id), content: contentBlocks(message, index) }
}

function refuse(index: number, why: string, cause?: unknown): ModelError {
  return new ModelError('invalid_request', `messages[${index}]: ${why}`, { param: `messages.${index}`, cause })
}
