import { expect, it } from '@jest/globals'
import { eventsAfter } from './events-after.ts'

const text = (sequence_number: number, delta: string) => ({ type: 'response.output_text.delta', sequence_number, delta })

it('a stream goes on behind any of its numbers, in the middle of a piece of text too', () => {
  const events = [
    { type: 'response.created', sequence_number: 0 },
    text(3, 'abc'),
    text(5, 'de'),
    { type: 'end', sequence_number: 6 },
  ]
  expect(eventsAfter(events, 0)).toEqual(events.slice(1))
  expect(eventsAfter(events, 1)).toEqual([text(3, 'bc'), ...events.slice(2)])
  expect(eventsAfter(events, 3)).toEqual(events.slice(2))
  expect(eventsAfter(events, 4)).toEqual([text(5, 'e'), ...events.slice(3)])
  expect(eventsAfter(events, 6)).toEqual([])
})
