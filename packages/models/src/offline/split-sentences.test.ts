import { describe, expect, it } from '@jest/globals'
import { splitProse, splitSentences } from './split-sentences.ts'

describe('splitting prose', () => {
  it.each([
    [
      'It is three months. 🇩🇪 Er gilt. 😀 Er endet am 1. Mai. Im 19. Jahrhundert war das neu.',
      ['It is three months.', '🇩🇪 Er gilt.', '😀 Er endet am 1. Mai.', 'Im 19. Jahrhundert war das neu.'],
    ],
    ['Dr. Smith et al. found 3.5 mg. It helped.', ['Dr. Smith et al. found 3.5 mg.', 'It helped.']],
    [
      'See Fig. 2 and refs. 3–5. E. coli grew, e.g. at 37 °C. No. 7 did not.',
      ['See Fig. 2 and refs. 3–5.', 'E. coli grew, e.g. at 37 °C.', 'No. 7 did not.'],
    ],
    ['It lacks vitamin C. The trial ended.', ['It lacks vitamin C.', 'The trial ended.']],
    ['In the U.S. Army it grew. In the U.S. The law differs.', ['In the U.S. Army it grew.', 'In the U.S.', 'The law differs.']],
    [
      'Version 1.2.3 is out. p53 is next! mRNA too? (Yes.) Done',
      ['Version 1.2.3 is out.', 'p53 is next!', 'mRNA too?', '(Yes.)', 'Done'],
    ],
    ['He said "Stop." Then he left.', ['He said "Stop."', 'Then he left.']],
    ['Wait... what? Apples, pears, etc. are fruit.', ['Wait... what?', 'Apples, pears, etc. are fruit.']],
    ['これは文です。次の文です。', ['これは文です。', '次の文です。']],
  ])('%s', (text, sentences) => {
    expect(splitProse(text)).toEqual(sentences)
  })

  it('loses no word of a text', () => {
    const text = 'One. two (three) v. four! Five? 6. Seven e.g. eight. "Nine." Ten'
    expect(splitProse(text).join(' ')).toBe(text)
  })
})

describe('splitting documents', () => {
  const document = `# Looms

A loom holds the warp
under tension. It is old.

## Parts
- the heddle
- the reed. It beats.
  It is long.
1. First step

| part | use |
|---|---|
| shed | opening |

\`\`\`ts
const warp = 1. // not. A sentence
\`\`\`

Setext title
============
Last line`

  it('joins wrapped lines, keeps items and rows apart, leaves code whole, and knows the heading above', () => {
    expect(splitSentences(document).map(({ kind, text, heading }) => [kind, text, heading])).toEqual([
      ['heading', 'Looms', undefined],
      ['sentence', 'A loom holds the warp under tension.', 'Looms'],
      ['sentence', 'It is old.', 'Looms'],
      ['heading', 'Parts', undefined],
      ['item', 'the heddle', 'Parts'],
      ['item', 'the reed.', 'Parts'],
      ['item', 'It beats.', 'Parts'],
      ['item', 'It is long.', 'Parts'],
      ['item', 'First step', 'Parts'],
      ['columns', 'part | use', 'Parts'],
      ['row', 'shed | opening', 'Parts'],
      ['code', 'const warp = 1. // not. A sentence', 'Parts'],
      ['heading', 'Setext title', undefined],
      ['sentence', 'Last line', 'Setext title'],
    ])
  })

  it('tells the names of columns from the rows they are of', () => {
    const table = '| part | use |\n|---|---|\n| shed | opening |\n\n| loose | row |'
    expect(splitSentences(table).map(({ kind, text, columns }) => [kind, text, columns])).toEqual([
      ['columns', 'part | use', undefined],
      ['row', 'shed | opening', 'part | use'],
      ['row', 'loose | row', undefined],
    ])
  })

  it('reads an unclosed fence and an empty text', () => {
    expect(splitSentences('```\nopen')).toEqual([{ kind: 'code', text: 'open', heading: undefined }])
    expect(splitSentences(' \n\n')).toEqual([])
  })

  it('reads thousands of dots at once', () => {
    const usedBefore = process.cpuUsage()
    expect(splitSentences(`a${'.'.repeat(100_000)}b`)).toHaveLength(1)
    expect(process.cpuUsage(usedBefore).user / 1_000).toBeLessThan(2_000)
  })
})
