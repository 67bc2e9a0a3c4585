import { expect, it } from '@jest/globals'
import { wordsInside, wordsInsideQuestion } from './words-inside.ts'

it('answers words in plain letters where they are written otherwise', () => {
  expect(wordsInside('a ﬁne Donau\u00addampf, ＰＤＦ and e\u0301te\u0301')).toBe('fine Donaudampf PDF été ete')
  expect(wordsInside('ｻｰﾊﾞｰ')).toBe('サーバー サー ーバ バー')
})

it('answers words of a passage as they are typed without accents, and leaves accents that a question has', () => {
  expect(wordsInside('le réseau de أحمد')).toBe('reseau احمد')
  expect(wordsInsideQuestion('le réseau de أحمد', 100)).toBe('احمد')
  expect(wordsInside('reseau')).toBe('')
})

it('answers parts of identifiers and pairs of letters, and nothing for plain words', () => {
  expect(wordsInside('userName 設定する')).toBe('user Name 設定 定す する')
  expect(wordsInside('It’s 3 km, – “fine”.')).toBe('')
})

it('makes pairs of the beginning alone where asked to, and finds all other words anywhere', () => {
  expect(wordsInsideQuestion('設定する, userName ﬁne 長さ', 3)).toBe('user Name fine 設定 定す')
})
