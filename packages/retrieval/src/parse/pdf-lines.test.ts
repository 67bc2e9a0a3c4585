import { expect, it } from '@jest/globals'
import { joinLines } from './pdf-lines.ts'

/** Lines set one below the other; an empty one leaves a gap. */
function set(...texts: string[]): string {
  return joinLines(texts.map((text, index) => ({ text, y: 700 - 12 * index, height: 10 })).filter(({ text }) => text !== '')).text
}

it('joins what a full line cut: a word at its hyphen, soft or not, and text without spaces anywhere', () => {
  expect(set('The experi-', 'ment went')).toBe('The experiment went')
  expect(set('Donaudampf\u00ad', 'schiff')).toBe('Donaudampfschiff')
  expect(set('ディストリビ', 'ューションの')).toBe('ディストリビューションの')
})

it('keeps other lines apart, and paragraphs further', () => {
  expect(set('Debian を', 'install する')).toBe('Debian を\ninstall する')
  expect(set('第一章', '', '第二章')).toBe('第一章\n\n第二章')
  expect(set('one', 'two', '', 'three')).toBe('one\ntwo\n\nthree')
})
