interface NumberedEvent {
  type: string
  sequence_number: number
  [field: string]: unknown
}

/**
 * The events of a stream that come after a sequence number. Each UTF-16 unit of text has a number of its own, so that of a piece of text in which the number lies
 * the rest remains.
 */
export function eventsAfter<T extends NumberedEvent>(events: readonly T[], after: number): T[] {
  return events.flatMap((event) => {
    const { type, delta, sequence_number } = event
    if (sequence_number <= after) return []
    const isText = type === 'response.output_text.delta' && typeof delta === 'string'
    return isText ? [{ ...event, delta: delta.slice(Math.max(0, delta.length - (sequence_number - after))) }] : [event]
  })
}
