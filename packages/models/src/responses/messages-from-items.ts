import { type ChatMessage, parseValue, WeftError } from '@weft/contracts'
import { z } from 'zod'
import type { ResponseItem } from './responses-request.ts'
import { unheededKeys } from './unheeded-keys.ts'

const Text = z.looseObject({ type: z.enum(['input_text', 'output_text', 'text']), text: z.string() })
const Refusal = z.looseObject({ type: z.literal('refusal'), refusal: z.string() })
const Image = z.looseObject({
  type: z.literal('input_image'),
  image_url: z.string().nullish(),
  detail: z.string().nullish(),
})
const File = z.looseObject({
  type: z.literal('input_file'),
  file_data: z.string().nullish(),
  filename: z.string().nullish(),
})
const Part = z.discriminatedUnion('type', [Text, Refusal, Image, File])
type Part = z.infer<typeof Part>
const Parts = z.array(Part).max(1_000)

const Message = z.looseObject({
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: z.union([z.string(), Parts]),
})
const FunctionCall = z.looseObject({ call_id: z.string().min(1), name: z.string().min(1), arguments: z.string() })
const FunctionCallOutput = z.looseObject({ call_id: z.string().min(1), output: z.union([z.string(), Parts]) })

type ToolCall = NonNullable<ChatMessage['tool_calls']>[number]

/** Translates the items of a conversation into chat messages. Calls join the assistant's message before them. Throws `invalid_request` naming the item. */
export function messagesFromItems(items: ResponseItem[]): { messages: ChatMessage[]; ignored: string[] } {
  const messages: ChatMessage[] = []
  const ignored = new Set<string>()
  const note = (fields: string[]) => fields.forEach((field) => void ignored.add(field))
  items.forEach((item, index) => {
    const place = `input.${index}`
    switch (item.type ?? 'message') {
      case 'message':
        note(unheededKeys('message', item, 'input'))
        messages.push(messageOf(item, { place, note }))
        break
      case 'function_call':
        note(unheededKeys('function_call', item, 'input'))
        addCall(messages, parseItem(FunctionCall, item, place))
        break
      case 'function_call_output': {
        note(unheededKeys('function_call_output', item, 'input'))
        const { call_id, output } = parseItem(FunctionCallOutput, item, place)
        messages.push({ role: 'tool', tool_call_id: call_id, content: textOf(output, place) })
        break
      }
      case 'reasoning':
      case 'file_search_call':
        // Chat completions have no field for earlier thoughts, nor for searches of the server's own.
        ignored.add(`input.${item.type}`)
        break
      default:
        throw new WeftError('invalid_request', `${place}: items of type '${item.type}' are not supported`, {
          param: `${place}.type`,
        })
    }
  })
  return { messages, ignored: [...ignored] }
}

function parseItem<T extends z.ZodType>(schema: T, item: ResponseItem, place: string): z.infer<T> {
  try {
    return parseValue(schema, item, place)
  } catch (thrown) {
    if (!(thrown instanceof WeftError)) throw thrown
    const param = thrown.param === undefined ? place : `${place}.${thrown.param}`
    throw new WeftError('invalid_request', thrown.message, { param, cause: thrown })
  }
}

type Noting = { place: string; note(fields: string[]): void }

function messageOf(item: ResponseItem, { place, note }: Noting): ChatMessage {
  const { role, content } = parseItem(Message, item, place)
  if (typeof content === 'string') return { role, content }
  for (const part of content) note(unheededKeys(kindOfPart(part), part, 'input.content'))
  // The usual answer of a model is one text. It is sent as a string, because some servers take nothing else.
  const [only] = content
  if (role === 'assistant' && content.length === 1 && only !== undefined && 'text' in only && typeof only.text === 'string')
    return { role, content: only.text }
  return { role, content: content.map((part, index) => chatPart(part, `${place}.content.${index}`)) }
}

function kindOfPart({ type }: Part) {
  return type === 'input_text' || type === 'output_text' ? 'text' : type
}

function chatPart(part: Part, place: string): { type: string; [field: string]: unknown } {
  switch (part.type) {
    case 'refusal':
      return { type: 'refusal', refusal: part.refusal }
    case 'input_image': {
      const { image_url: url, detail } = part
      if (url == null) throw new WeftError('invalid_request', `${place}: an image is given by image_url`, { param: place })
      return { type: 'image_url', image_url: { url, ...(detail == null ? {} : { detail }) } }
    }
    case 'input_file': {
      const { file_data, filename } = part
      if (file_data == null) throw new WeftError('invalid_request', `${place}: a file is given by file_data`, { param: place })
      return { type: 'file', file: { file_data, ...(filename == null ? {} : { filename }) } }
    }
    default:
      return { type: 'text', text: part.text }
  }
}

function addCall(messages: ChatMessage[], call: z.infer<typeof FunctionCall>): void {
  const made: ToolCall = {
    id: call.call_id,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  }
  const last = messages.at(-1)
  if (last?.role === 'assistant') last.tool_calls = [...(last.tool_calls ?? []), made]
  else messages.push({ role: 'assistant', content: null, tool_calls: [made] })
}

/** A function's output as text, which is all that chat completions take. Throws `invalid_request` for any other part. */
function textOf(output: string | Part[], place: string): string {
  if (typeof output === 'string') return output
  return output
    .map((part, index) => {
      if ('text' in part && typeof part.text === 'string') return part.text
      const param = `${place}.output.${index}`
      throw new WeftError('invalid_request', `${param}: the output of a function is text here`, { param })
    })
    .join('\n')
}
