import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { holdCitations } from './hold-citations.ts'
import { withoutUnsupported } from './without-unsupported.ts'

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

const shownText = (deltas: string[]) =>
  shownOf('markers', deltas)
    .map(([text]) => text)
    .join('')

it('text goes out up to its first marker, however it is cut, at the offsets it has there', () => {
  expect(shownOf('markers', ['Three ', 'or [a] four', ' ', '[', '2', '] and more'])).toEqual([
    ['Three', 0],
    [' or [a] four', 5],
  ])
  expect(shownOf('markers', ['An index [x]', ' [', 'y]', ' [1', ', 2]', '.'])).toEqual([
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

describe('brackets that cite nothing hold nothing up', () => {
  it.each([
    ['a span of code', 'Read `list [1]` and `x[2]` first'],
    ['a block of code', 'So:\n```js\nlist [1]\n```\nand on'],
    ['a block that has not ended', 'So:\n```\nlist [1], list [2'],
    ['an empty span', 'So `` and [a] on'],
    ['a link', 'See [1](https://example.com) and on'],
    ['a number no citation has', 'From a[0] in [2024], [0, 0] and [] and [ x] on'],
  ])('%s', (_what, text) => {
    for (const deltas of [
      [text, '.'],
      [...text, '.'],
    ])
      expect(shownText(deltas)).toContain(text)
  })

  it.each([
    ['behind code', 'Read `x[1]` [2]. More', 'Read `x[1]`'],
    ['behind a tick that begins no code', "It's ` here [2]\nMore `x[1]`", "It's ` here"],
    ['behind a block', '```\na[1]\n```\nIt is so.[2] More', '```\na[1]\n```\nIt is so.'],
    ['among others that cite nothing', 'a[0] [1](x) [0, 2]. More', 'a[0] [1](x)'],
    ['of a length no marker has', `So [${'1, '.repeat(200)}1] and on`, 'So'],
  ])('and a marker does: %s', (_where, text, shown) => {
    for (const deltas of [[text], [...text]]) expect(shownText(deltas)).toBe(shown)
  })
})

it('what is shown is what the text begins with when its markers were looked at, and all of it up to the first', () => {
  const words = fc.constantFrom(
    '[',
    ']',
    '1',
    '2',
    '0',
    '12',
    ' ',
    ', ',
    '`',
    '``',
    '```',
    '\n',
    'word',
    '.',
    '(',
    ')',
    '🦩',
    ' [1]',
  )
  const numbers = new Set(Array.from({ length: 1_000 }, (_, index) => index + 1))
  const property = fc.property(fc.array(words, { maxLength: 30 }), (deltas) => {
    const text = deltas.join('')
    const shown = shownText(deltas)
    const looked = withoutUnsupported(text, { numbers, unverified: 'keep' }).text
    expect(looked.startsWith(shown)).toBe(true)
    // The end of the line and what stands there decide about all that could still have become code or a marker.
    const decided = shownText([...deltas, '.\n.'])
    if (looked === text) expect(`${text}.\n.`.startsWith(decided) && decided.length >= text.length).toBe(true)
  })
  fc.assert(property, { numRuns: 3_000 })
})
