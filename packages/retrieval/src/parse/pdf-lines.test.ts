import { describe, expect, it } from '@jest/globals'
import { joinLines } from './pdf-lines.ts'
import { hyphenKeeper } from './pdf-words.ts'

/** Lines set one below the other; an empty one leaves a gap. */
function set(...texts: string[]): string {
  const lines = texts.map((text, index) => ({ text, y: 700 - 12 * index, height: 10 })).filter(({ text }) => text !== '')
  return joinLines(lines, new Set(), hyphenKeeper([lines])).text
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

describe('the hyphen at the end of a line', () => {
  it('stays where the document has the compound elsewhere', () => {
    expect(set('a well-', 'known rule, and Well-known')).toBe('a well-known rule, and Well-known')
    expect(set('a state-of-the-', 'art rule, state-of-the-art')).toBe('a state-of-the-art rule, state-of-the-art')
  })

  it('goes where the document has the joined word elsewhere, however often its parts', () => {
    expect(set('the data-', 'base of data and base: database')).toBe('the database of data and base: database')
    expect(set('data-', 'base, data-base, database, database')).toBe('database, data-base, database, database')
  })

  it('stays where both parts are words of the document and it has neither', () => {
    expect(set('as well as known, a well-', 'known rule')).toBe('as well as known, a well-known rule')
    expect(set('in a form, to in-', 'form')).toBe('in a form, to inform')
    expect(set('Die Daten sind eine Bank, die Daten-', 'bank')).toBe('Die Daten sind eine Bank, die Datenbank')
  })

  it('is not told by the parts of other cut words, and a soft one always goes', () => {
    expect(set('a well-', 'known and well-', 'known rule')).toBe('a wellknown and wellknown rule')
    expect(set('well, known, well\u00ad', 'known')).toBe('well, known, wellknown')
  })

  it('stays before what it stands for', () => {
    expect(set('die Vor-', 'und Nachteile')).toBe('die Vor-\nund Nachteile')
    expect(set('the in-', 'and output')).toBe('the in-\nand output')
    expect(set('the thou-', 'sand')).toBe('the thousand')
  })
})
