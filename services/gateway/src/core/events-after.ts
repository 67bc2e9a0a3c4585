interface NumberedEvent {
  type: string
  sequence_number: number
  [field: string]: unknown
}

/** Those of a stream's events that come after a number. Of a piece of text that it lies in, the rest is left: text has a number for each UTF-16 unit. */
export function eventsAfter<T extends NumberedEvent>(events: readonly T[], after: number): T[] {
  return events.flatMap((event) => {
    const { type, delta, sequence_number } = event
    if (sequence_number <= after) return []
    const isText = type === 'response.output_text.delta' && typeof delta === 'string'
    return isText ? [{ ...event, delta: delta.slice(Math.max(0, delta.length - (sequence_number - after))) }] : [event]
  })
}
