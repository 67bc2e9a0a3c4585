import { type ChatMessage, messageText } from '@weft/contracts'
import { z } from 'zod'
import { inputItemId } from './item-ids.ts'
import type { ResponseItem } from './responses-request.ts'

/** An item as it is listed, with an id after which the next page begins. */
export type InputItem = ResponseItem & { id: string }

/** The input items of a response as they are listed. Items without an id get one made of the response's id and their place. */
export function inputItems(responseId: string, items: readonly ResponseItem[]): InputItem[] {
  return items.map((item, index) => {
    const { type = 'message', id } = item
    const made = inputItemId(type, responseId, index)
    const listed = { status: 'completed', ...item, type, id: typeof id === 'string' && id !== '' ? id : made }
    return type === 'message' ? { ...listed, content: listedContent(item) } : listed
  })
}

const Part = z.looseObject({ type: z.string() })
const Parts = z.array(Part)
type Part = z.infer<typeof Part>

function listedContent({ role, content }: ResponseItem): object[] {
  const parts = Parts.safeParse(content).data ?? [{ type: 'text', text: content ?? '' }]
  return parts.map(role === 'assistant' ? outputPart : inputPart)
}

function outputPart(part: Part): object {
  return part.type === 'refusal' ? part : { annotations: [], logprobs: [], ...part, type: 'output_text' }
}

function inputPart(part: Part): object {
  if (part.type === 'input_image') return { detail: 'auto', ...part }
  return part.type === 'input_file' ? part : { ...part, type: 'input_text' }
}

/** Chat messages as the items of a conversation: `messagesFromItems` makes the same messages of them. */
export function itemsOfChat(messages: readonly ChatMessage[]): ResponseItem[] {
  return messages.flatMap((message): ResponseItem[] => {
    const { role, content, tool_calls: calls = [], tool_call_id: call_id = '' } = message
    if (role === 'tool') return [{ type: 'function_call_output', call_id, output: messageText(message) }]
    const said = content == null || content === '' ? [] : [{ type: 'message', role, content: itemContent(content) }]
    return [...said, ...calls.map((call) => ({ type: 'function_call', call_id: call.id, ...Called.parse(call).function }))]
  })
}

const Called = z.looseObject({ function: z.object({ name: z.string(), arguments: z.string() }) })
const Image = z.looseObject({ type: z.literal('image_url'), image_url: z.looseObject({ url: z.string() }) })
const File = z.looseObject({ type: z.literal('file'), file: z.looseObject({}) })

function itemContent(content: NonNullable<ChatMessage['content']>): unknown {
  if (typeof content === 'string') return content
  return content.map((part) => {
    const image = Image.safeParse(part).data?.image_url
    if (image !== undefined) return { ...image, type: 'input_image', image_url: image.url, url: undefined }
    const file = File.safeParse(part).data?.file
    return file === undefined ? part : { ...file, type: 'input_file' }
  })
}
