import { newId } from '@weft/contracts'
import type { AnswerPiece } from './answer-piece.ts'
import type { EventFacts } from './event-facts.ts'
import { contentPlace, endingOf, endOfPart, type ItemPlace } from './item-endings.ts'
import type { OutputItem, OutputRefusal, OutputText } from './response-object.ts'

export interface OutputItems {
  /** Every item so far, the open one as far as it is. */
  output(): OutputItem[]
  accept(piece: AnswerPiece): EventFacts[]
  /** Ends the open item. An answer without any item gets an empty message. */
  close(end: { status: 'completed' | 'incomplete'; annotations: object[] }): EventFacts[]
}

interface Items {
  responseId: string
  all: OutputItem[]
  open: OutputItem | undefined
  /** The model's index of the open call. */
  callIndex: number | undefined
}

/** The items of one response, one open at a time: an item is ended by the first piece of another kind. */
export function createOutputItems(responseId: string): OutputItems {
  const items: Items = { responseId, all: [], open: undefined, callIndex: undefined }
  return {
    output: () => structuredClone(items.all),
    accept(piece) {
      switch (piece.type) {
        case 'text':
          return addText(items, piece)
        case 'refusal':
          return addRefusal(items, piece.delta)
        case 'reasoning':
          return addReasoning(items, piece.delta)
        case 'tool_call':
          return addCall(items, piece)
        default:
          return []
      }
    },
    close({ status, annotations }) {
      const begun = items.all.length === 0 ? openMessage(items).events : []
      return [...begun, ...end(items, status, annotations)]
    },
  }
}

const prefixes = { reasoning: 'rs', message: 'msg', function_call: 'fc' } as const

/** An item's id tells its response, by which it is found again. */
function nextId({ responseId, all }: Items, type: OutputItem['type']): string {
  return `${prefixes[type]}_${responseId.replace(/^resp_/, '')}_${all.length}`
}

function placeOf({ all }: Items): ItemPlace {
  return { item_id: all.at(-1)?.id ?? '', output_index: all.length - 1 }
}

function begin(items: Items, item: OutputItem): EventFacts[] {
  const ended = end(items, 'completed')
  items.all.push(item)
  items.open = item
  const { output_index } = placeOf(items)
  return [...ended, { type: 'response.output_item.added', output_index, item: structuredClone(item) }]
}

function end(items: Items, status: 'completed' | 'incomplete', annotations: object[] = []): EventFacts[] {
  const item = items.open
  if (item === undefined) return []
  item.status = status
  items.open = undefined
  items.callIndex = undefined
  const place = placeOf(items)
  const { output_index } = place
  const done = { type: 'response.output_item.done', output_index, item }
  return [...endingOf(item, place, annotations), { ...done, item: structuredClone(item) }]
}

type Message = Extract<OutputItem, { type: 'message' }>

function openMessage(items: Items): { message: Message; events: EventFacts[] } {
  if (items.open?.type === 'message') return { message: items.open, events: [] }
  const id = nextId(items, 'message')
  const message: Message = { type: 'message', id, status: 'in_progress', role: 'assistant', content: [] }
  return { message, events: begin(items, message) }
}

/** The part of the open message that is of this kind, begun where the last is another. */
function openPart<T extends OutputText | OutputRefusal>(items: Items, fresh: T): { part: T; events: EventFacts[] } {
  const { message, events } = openMessage(items)
  const last = message.content.at(-1)
  if (last !== undefined && isSameKind(last, fresh)) return { part: last, events }
  const closing = last === undefined ? [] : endOfPart(last, contentPlace(placeOf(items), message.content))
  message.content.push(fresh)
  const place = contentPlace(placeOf(items), message.content)
  const added = { type: 'response.content_part.added', ...place, part: structuredClone(fresh) }
  return { part: fresh, events: [...events, ...closing, added] }
}

function isSameKind<T extends OutputText | OutputRefusal>(part: OutputText | OutputRefusal, kind: T): part is T {
  return part.type === kind.type
}

function placeOfPart(items: Items): object {
  return items.open?.type === 'message' ? contentPlace(placeOf(items), items.open.content) : placeOf(items)
}

function addText(items: Items, { delta, logprobs = [] }: Extract<AnswerPiece, { type: 'text' }>): EventFacts[] {
  const fresh: OutputText = { type: 'output_text', text: '', annotations: [], logprobs: [] }
  const { part, events } = openPart(items, fresh)
  part.text += delta
  part.logprobs.push(...logprobs)
  return [...events, { type: 'response.output_text.delta', ...placeOfPart(items), delta, logprobs }]
}

function addRefusal(items: Items, delta: string): EventFacts[] {
  const fresh: OutputRefusal = { type: 'refusal', refusal: '' }
  const { part, events } = openPart(items, fresh)
  part.refusal += delta
  return [...events, { type: 'response.refusal.delta', ...placeOfPart(items), delta }]
}

function addReasoning(items: Items, delta: string): EventFacts[] {
  const { part, events } = openSummary(items)
  part.text += delta
  return [...events, { type: 'response.reasoning_summary_text.delta', ...placeOf(items), summary_index: 0, delta }]
}

function openSummary(items: Items): { part: { type: 'summary_text'; text: string }; events: EventFacts[] } {
  const [open] = items.open?.type === 'reasoning' ? items.open.summary : []
  if (open !== undefined) return { part: open, events: [] }
  const part = { type: 'summary_text' as const, text: '' }
  const events = begin(items, { type: 'reasoning', id: nextId(items, 'reasoning'), status: 'in_progress', summary: [] })
  if (items.open?.type === 'reasoning') items.open.summary.push(part)
  const added = { type: 'response.reasoning_summary_part.added', ...placeOf(items), summary_index: 0, part: { ...part } }
  return { part, events: [...events, added] }
}

function addCall(items: Items, piece: Extract<AnswerPiece, { type: 'tool_call' }>): EventFacts[] {
  const events = items.open?.type === 'function_call' && items.callIndex === piece.index ? [] : beginCall(items, piece)
  const delta = piece.argumentsDelta
  if (items.open?.type !== 'function_call' || delta === '') return events
  items.open.arguments += delta
  return [...events, { type: 'response.function_call_arguments.delta', ...placeOf(items), delta }]
}

function beginCall(items: Items, { index, id, name = '' }: Extract<AnswerPiece, { type: 'tool_call' }>): EventFacts[] {
  const call_id = id ?? newId('call')
  const itemId = nextId(items, 'function_call')
  const events = begin(items, { type: 'function_call', id: itemId, status: 'in_progress', call_id, name, arguments: '' })
  items.callIndex = index
  return events
}
