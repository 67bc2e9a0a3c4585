import { expect, it } from '@jest/globals'
import { foldLetters } from './fold-letters.ts'

it.each([
  ['réseau', 'reseau'],
  ['ÉTÉ', 'ETE'],
  ['e\u0301te\u0301', 'ete'],
  ['Größe', 'Grosse'],
  ['cœur', 'coeur'],
  ['Łódź', 'Lodz'],
  ['αρχή', 'αρχη'],
  ['ёлка', 'елка'],
  ['أَحْمَد', 'احمد'],
  ['مدرســة', 'مدرسه'],
  ['مستشفى', 'مستشفي'],
  ['שָׁלוֹם', 'שלום'],
])('leaves out what many do not type: %s', (word, plain) => {
  expect(foldLetters(word)).toBe(plain)
})

it.each(['network', 'мой', 'हिन्दी', 'ภาษาไทย', '設定'])('leaves %s as it is', (word) => {
  expect(foldLetters(word)).toBe(word)
})
