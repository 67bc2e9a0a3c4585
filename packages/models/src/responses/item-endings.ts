import type { EventFacts } from './event-facts.ts'
import type { OutputItem, OutputRefusal, OutputText } from './response-object.ts'

export type ItemPlace = { item_id: string; output_index: number }

/** The place of a message's newest part. */
export function contentPlace(place: ItemPlace, content: unknown[]): ItemPlace & { content_index: number } {
  return { ...place, content_index: content.length - 1 }
}

/** The events at the end of an item, before the event that it is done. Sets the annotations of its last text. */
export function endingOf(item: OutputItem, place: ItemPlace, annotations: object[]): EventFacts[] {
  switch (item.type) {
    case 'message': {
      const last = item.content.at(-1)
      const at = contentPlace(place, item.content)
      if (last === undefined) return []
      if (last.type === 'refusal') return endOfPart(last, at)
      last.annotations = annotations
      const told = annotations.map((annotation, annotation_index) => {
        return { type: 'response.output_text.annotation.added', ...at, annotation_index, annotation }
      })
      return [...told, ...endOfPart(last, at)]
    }
    case 'reasoning': {
      const [part] = item.summary
      const at = { ...place, summary_index: 0 }
      return [
        { type: 'response.reasoning_summary_text.done', ...at, text: part?.text ?? '' },
        { type: 'response.reasoning_summary_part.done', ...at, part: { ...part } },
      ]
    }
    case 'file_search_call':
      return item.status === 'failed' ? [] : [{ type: 'response.file_search_call.completed', ...place }]
    case 'function_call': {
      const { name, arguments: text } = item
      return [{ type: 'response.function_call_arguments.done', ...place, name, arguments: text }]
    }
  }
}

export function endOfPart(part: OutputText | OutputRefusal, at: ItemPlace & { content_index: number }): EventFacts[] {
  const done = { type: 'response.content_part.done', ...at, part: structuredClone(part) }
  if (part.type === 'refusal') return [{ type: 'response.refusal.done', ...at, refusal: part.refusal }, done]
  return [{ type: 'response.output_text.done', ...at, text: part.text, logprobs: part.logprobs }, done]
}
