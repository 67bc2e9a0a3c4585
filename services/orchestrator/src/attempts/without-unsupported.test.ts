import { expect, it } from '@jest/globals'
import { withoutUnsupported } from './without-unsupported.ts'

const numbers = new Set([2, 3])
const keep = (text: string) => withoutUnsupported(text, { numbers, unverified: 'keep' })

it.each([
  ['Three [1]. Seven [2].', 'Three [1]. Seven.'],
  ['Both [1, 2] and [2][1] and [2;3].', 'Both [1] and[1] and.'],
  ['No citation is `list[2]`, nor [7], nor [2](a link)', 'No citation is `list[2]`, nor [7], nor [2](a link)'],
  ['Seven.[2] Nine?[3][1] Ten [2,\n3].', 'Seven. Nine?[1] Ten.'],
  ['Links:\n[2](a link)\n [2] [3](another)', 'Links:\n[2](a link)\n [3](another)'],
  ['```\nlist [2]\n```\nSeven [ 2 ].', '```\nlist [2]\n```\nSeven.'],
])('markers of what is not supported go, others and code stay: %j', (text, left) => {
  expect(keep(text)).toEqual({ text: left, changed: 0 })
})

it('a sentence that keeps a marker is supported, and a marker behind a full stop is of the sentence before', () => {
  const text = 'Three [1][2]. Seven. [2] Nine [3].\n\nTen.'
  expect(withoutUnsupported(text, { numbers, unverified: 'mark' })).toEqual({
    text: 'Three [1]. Seven. [unverified] Nine. [unverified]\n\nTen.',
    changed: 2,
  })
  expect(withoutUnsupported(text, { numbers, unverified: 'drop' })).toEqual({ text: 'Three [1]. \n\nTen.', changed: 2 })
})

it('long texts are looked through in one go', () => {
  const text = '`a` b [2] '.repeat(50_000)
  expect(keep(text).text).toBe('`a` b '.repeat(50_000))
})
