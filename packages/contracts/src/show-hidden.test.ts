import { expect, it } from '@jest/globals'
import { showHidden } from './show-hidden.ts'

it.each([
  ['what turns text around', 'pay \u202e05 ot', 'pay [U+202E]05 ot'],
  ['what nobody sees', 'Bo\u200bb\u{e0041}', 'Bo[U+200B]b[U+E0041]'],
  ['what steers a terminal', 'a\u001b[2K\u009b1A\u0000', 'a[U+001B][2K[U+009B]1A[U+0000]'],
])('shows %s by its number', (_what, text, shown) => {
  expect(showHidden(text)).toBe(shown)
})

it('leaves lines, tabs and letters of any script as they are', () => {
  expect(showHidden('größe\tשלום\n合同 👍')).toBe('größe\tשלום\n合同 👍')
})
