import { newId } from '@weft/contracts'
import type { AnswerPiece } from './answer-piece.ts'
import type { EventFacts } from './event-facts.ts'
import { jsonOrNothing } from '../upstream/json-or-nothing.ts'
import { contentPlace, endingOf, endOfPart, type ItemPlace } from './item-endings.ts'
import { outputItemId } from './item-ids.ts'
import type { OutputItem, OutputRefusal, OutputText } from './response-object.ts'

export interface OutputItems {
  /** All items so far, also those that are not ended. */
  output(): OutputItem[]
  accept(piece: AnswerPiece): EventFacts[]
  /** Ends all open items. An answer without any item gets an empty message. */
  close(end: { status: 'completed' | 'incomplete'; annotations: object[] }): EventFacts[]
}

interface Items {
  responseId: string
  all: OutputItem[]
  /** The message or reasoning that is being written. */
  open: OutputItem | undefined
  /** The calls that are not ended, by the model's index. */
  calls: Map<number, FunctionCall>
}

type FunctionCall = Extract<OutputItem, { type: 'function_call' }>

/**
 * Writes the items of one response. An item ends with the first piece of another; a call only once its arguments are whole, because some models send the arguments
 * of several calls by turns.
 */
export function createOutputItems(responseId: string): OutputItems {
  const items: Items = { responseId, all: [], open: undefined, calls: new Map() }
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
        case 'file_search':
          return addSearch(items, piece)
        default:
          return []
      }
    },
    close({ status, annotations }) {
      const begun = items.all.length === 0 ? openMessage(items).events : []
      const left = [...items.calls.values()]
      items.calls.clear()
      return [...begun, ...left.flatMap((call) => end(items, call, { status })), ...endOpen(items, { status, annotations })]
    },
  }
}

/**
 * An item's id names its response, so that it can be found again. Only items of the same kind are counted: not every response keeps the reasoning that its stream
 * told, and the message after it must have the same id when it is asked for later.
 */
function nextId({ responseId, all }: Items, type: OutputItem['type']): string {
  const count = all.filter((item) => item.type === type).length
  return outputItemId(type, responseId, count)
}

function placeOf({ all }: Items, item: OutputItem | undefined): ItemPlace {
  return { item_id: item?.id ?? '', output_index: item === undefined ? -1 : all.lastIndexOf(item) }
}

function begin(items: Items, item: OutputItem): EventFacts[] {
  const ended = [...endOpen(items), ...endWholeCalls(items)]
  items.all.push(item)
  const { output_index } = placeOf(items, item)
  return [...ended, { type: 'response.output_item.added', output_index, item: structuredClone(item) }]
}

interface Ending {
  status: 'completed' | 'incomplete'
  annotations?: object[]
}

function endOpen(items: Items, ending: Ending = { status: 'completed' }): EventFacts[] {
  const item = items.open
  items.open = undefined
  return item === undefined ? [] : end(items, item, ending)
}

function endWholeCalls(items: Items): EventFacts[] {
  const whole = [...items.calls].filter(([, call]) => jsonOrNothing(call.arguments) !== undefined)
  for (const [index] of whole) items.calls.delete(index)
  return whole.flatMap(([, call]) => end(items, call, { status: 'completed' }))
}

function end(items: Items, item: OutputItem, { status, annotations = [] }: Ending): EventFacts[] {
  item.status = status
  return endedNow(items, item, annotations)
}

/** The events that tell that an item has the status it ended with. */
function endedNow(items: Items, item: OutputItem, annotations: object[] = []): EventFacts[] {
  const place = placeOf(items, item)
  const ending = endingOf(item, place, annotations)
  return [...ending, { type: 'response.output_item.done', output_index: place.output_index, item: structuredClone(item) }]
}

type Message = Extract<OutputItem, { type: 'message' }>

function openMessage(items: Items): { message: Message; events: EventFacts[] } {
  if (items.open?.type === 'message') return { message: items.open, events: [] }
  const id = nextId(items, 'message')
  const message: Message = { type: 'message', id, status: 'in_progress', role: 'assistant', content: [] }
  const events = begin(items, message)
  items.open = message
  return { message, events }
}

/** The part that is being written, of the kind of `fresh`; `fresh` itself is begun when the last part is of another kind. */
function openPart<T extends OutputText | OutputRefusal>(items: Items, fresh: T): { part: T; events: EventFacts[] } {
  const { message, events } = openMessage(items)
  const last = message.content.at(-1)
  if (last !== undefined && isSameKind(last, fresh)) return { part: last, events }
  const closing = last === undefined ? [] : endOfPart(last, contentPlace(placeOf(items, message), message.content))
  message.content.push(fresh)
  const place = contentPlace(placeOf(items, message), message.content)
  const added = { type: 'response.content_part.added', ...place, part: structuredClone(fresh) }
  return { part: fresh, events: [...events, ...closing, added] }
}

function isSameKind<T extends OutputText | OutputRefusal>(part: OutputText | OutputRefusal, kind: T): part is T {
  return part.type === kind.type
}

function placeOfPart(items: Items): object {
  const place = placeOf(items, items.open)
  return items.open?.type === 'message' ? contentPlace(place, items.open.content) : place
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
  return [...events, { type: 'response.reasoning_summary_text.delta', ...placeOf(items, items.open), summary_index: 0, delta }]
}

function openSummary(items: Items): { part: { type: 'summary_text'; text: string }; events: EventFacts[] } {
  const [open] = items.open?.type === 'reasoning' ? items.open.summary : []
  if (open !== undefined) return { part: open, events: [] }
  const part = { type: 'summary_text' as const, text: '' }
  const item: OutputItem = { type: 'reasoning', id: nextId(items, 'reasoning'), status: 'in_progress', summary: [] }
  const events = begin(items, item)
  items.open = item
  item.summary.push(part)
  const added = { type: 'response.reasoning_summary_part.added', ...placeOf(items, item), summary_index: 0, part: { ...part } }
  return { part, events: [...events, added] }
}

/** A search is told once it has been made, so that its item begins and ends at once. */
function addSearch(items: Items, search: Extract<AnswerPiece, { type: 'file_search' }>): EventFacts[] {
  const { queries, hasFailed, results = null } = search
  const id = nextId(items, 'file_search_call')
  const item: OutputItem = { type: 'file_search_call', id, status: 'in_progress', queries, results: null }
  const events = begin(items, item)
  item.results = results
  const place = placeOf(items, item)
  const under = ['in_progress', 'searching'].map((state) => ({ type: `response.file_search_call.${state}`, ...place }))
  item.status = hasFailed ? 'failed' : 'completed'
  return [...events, ...under, ...endedNow(items, item)]
}

function addCall(items: Items, piece: Extract<AnswerPiece, { type: 'tool_call' }>): EventFacts[] {
  const { index, id, name = '', argumentsDelta: delta } = piece
  const open = items.calls.get(index)
  // Some models send white space after the arguments of a call that has ended.
  if (open === undefined && name === '' && delta.trim() === '') return []
  const call: FunctionCall = open ?? {
    type: 'function_call',
    id: nextId(items, 'function_call'),
    status: 'in_progress',
    call_id: id ?? newId('call'),
    name,
    arguments: '',
  }
  const events = open === undefined ? begin(items, call) : []
  items.calls.set(index, call)
  if (delta === '') return events
  call.arguments += delta
  return [...events, { type: 'response.function_call_arguments.delta', ...placeOf(items, call), delta }]
}
