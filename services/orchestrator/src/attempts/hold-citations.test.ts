import { expect, it } from '@jest/globals'
import { holdCitations } from './hold-citations.ts'

function shownOf(holds: Parameters<typeof holdCitations>[0], deltas: string[]): [string, number][] {
  const shown: [string, number][] = []
  const push = holdCitations(holds, (text, offset) => shown.push([text, offset]))
  let offset = 0
  for (const delta of deltas) {
    push(delta, offset)
    offset += delta.length
  }
  return shown
}

it('text goes out up to its first marker, however it is cut, at the offsets it has there', () => {
  expect(shownOf('markers', ['Three ', 'or [a] four', ' ', '[', '2', '] and more'])).toEqual([
    ['Three', 0],
    [' or [a] four', 5],
  ])
  expect(shownOf('markers', ['An index [x]', ' [', 'y]'])).toEqual([
    ['An index [x]', 0],
    [' [y]', 12],
  ])
})

it('all of it goes out, or nothing, where that is wished', () => {
  expect(shownOf('nothing', ['Three [1]', ' and'])).toEqual([
    ['Three [1]', 0],
    [' and', 9],
  ])
  expect(shownOf('everything', ['Three', ' and'])).toEqual([])
})
