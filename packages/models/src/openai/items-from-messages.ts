import { type ChatMessage, messageText } from '@weft/contracts'
import { z } from 'zod'
import { ModelError } from '../model-error.ts'

type Item = { type: string; [field: string]: unknown }

/** Translates chat messages into the input items of a response. Throws ModelError naming the message that has no counterpart. */
export function itemsFromMessages(messages: ChatMessage[]): Item[] {
  return messages.flatMap(itemsOf)
}

function itemsOf(message: ChatMessage, index: number): Item[] {
  const { role } = message
  switch (role) {
    case 'system':
    case 'developer':
    case 'user':
      return [{ type: 'message', role, content: contentOf(message, index) }]
    case 'assistant': {
      const text = spokenText(message)
      return [...(text === '' ? [] : [{ type: 'message', role, content: text }]), ...callsOf(message, index)]
    }
    case 'tool': {
      if (message.tool_call_id === undefined) throw refuse(index, "a message of role 'tool' needs tool_call_id")
      return [{ type: 'function_call_output', call_id: message.tool_call_id, output: contentOf(message, index) }]
    }
    default:
      throw refuse(index, `messages of role '${role}' have no counterpart on the wire of responses`)
  }
}

/** What the model said before, as one text: in parts, it would have to be sent as a whole earlier answer, with its ids. */
function spokenText(message: ChatMessage): string {
  const { content } = message
  if (!Array.isArray(content)) return content ?? ''
  const refusals = content.flatMap((part) => (typeof part.refusal === 'string' ? [part.refusal] : []))
  return [messageText(message), ...refusals].filter((text) => text !== '').join('\n')
}

const TextPart = z.object({ type: z.literal('text'), text: z.string() })
const Detail = z.enum(['auto', 'low', 'high', 'original'])
const ImagePart = z.object({
  type: z.literal('image_url'),
  image_url: z.union([z.string(), z.object({ url: z.string(), detail: Detail.nullish() })]),
})
const FilePart = z.object({
  type: z.literal('file'),
  file: z.object({ file_data: z.string().optional(), file_id: z.string().optional(), filename: z.string().optional() }),
})
const Part = z.discriminatedUnion('type', [TextPart, ImagePart, FilePart])

function contentOf({ content }: ChatMessage, index: number): string | Item[] {
  if (!Array.isArray(content)) return content ?? ''
  return content.map((part) => {
    const parsed = Part.safeParse(part)
    if (!parsed.success)
      throw refuse(index, `content of type '${part.type}' has no counterpart on the wire of responses`, parsed.error)
    return partOf(parsed.data)
  })
}

function partOf(part: z.infer<typeof Part>): Item {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text }
    case 'image_url': {
      const { url, detail } = typeof part.image_url === 'string' ? { url: part.image_url } : part.image_url
      return { type: 'input_image', image_url: url, detail: detail ?? 'auto' }
    }
    case 'file':
      return { type: 'input_file', ...part.file }
  }
}

const ToolCall = z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) })

function callsOf({ tool_calls: calls }: ChatMessage, index: number): Item[] {
  return (calls ?? []).map((call) => {
    const parsed = ToolCall.safeParse(call)
    if (!parsed.success) throw refuse(index, 'this tool call is not a function call', parsed.error)
    const { id, function: called } = parsed.data
    return { type: 'function_call', call_id: id, name: called.name, arguments: called.arguments }
  })
}

function refuse(index: number, why: string, cause?: unknown): ModelError {
  return new ModelError('invalid_request', `messages[${index}]: ${why}`, { param: `messages.${index}`, cause })
}
