import { describe, expect, it } from '@jest/globals'
import { sentenceEnds } from './sentences.ts'

function sentencesOf(text: string): string[] {
  let from = 0
  return Array.from(sentenceEnds(text, 0, text.length), (end) => {
    const sentence = text.slice(from, end)
    from = end
    return sentence
  })
}

describe('a sentence ends', () => {
  it.each([
    ['before a picture', ['It is three months. ', '😀 Der Vertrag endet.']],
    [
      'not behind the dot of a German ordinal',
      ['Er endet am 1. Mai. ', 'Im 19. Jahrhundert war das neu. ', 'Sie zahlten 12. ', 'Danach nichts.'],
    ],
    ['behind a number', ['It was built in 1790. ', 'Its wheel is of oak.']],
    ['not behind an abbreviation or an initial', ['Dr. Smith saw Fig. 3 with J. Doe. ', 'He left.']],
    ['at marks of Chinese and Japanese', ['風車は古い。', '水車もある。']],
    ['at a blank line and before a list item', ['a title\n\n', 'intro:\n', '- one\n', '- two']],
  ])('%s', (_where, sentences) => {
    expect(sentencesOf(sentences.join(''))).toEqual(sentences)
  })
})
