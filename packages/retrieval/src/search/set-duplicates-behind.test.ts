import { describe, expect, it } from '@jest/globals'
import { setDuplicatesBehind } from './set-duplicates-behind.ts'

const page = 'The heart of a blue whale weighs about 180 kg and beats eight times a minute while the animal dives for krill.'
const other = 'Krill lives in swarms in the waters around Antarctica and is what most whales of the southern ocean live on.'

describe('setDuplicatesBehind', () => {
  it('lets a text that lies in several files fill one place, and says where else it lies', () => {
    const hits = [hit('a', 0.9), hit('b', 0.8), hit('c', 0.5)]
    const texts = { a: page, b: `\n“${page.toUpperCase()}”`, c: other }
    expect(set(hits, texts)).toEqual([{ ...hit('a', 0.9), duplicates: ['b'] }, hit('c', 0.5), hit('b', 0.5)])
  })

  it('leaves texts of which a word differs, however long they are: it may be what is asked for', () => {
    const manual = 'These are the pages of the manual in LANGUAGE, kept by those who translate them for all readers. '.repeat(9)
    const hits = [hit('a', 0.9), hit('b', 0.8), hit('c', 0.7), hit('d', 0.6)]
    const [a, b] = ['Hungarian', 'Polish'].map((language) => manual.replaceAll('LANGUAGE', language))
    expect(set(hits, { a, b, c: 'Plan A costs $10.', d: 'Plan B costs $10.' })).toEqual(hits)
  })

  it('sees equal short texts, in any script, and never takes texts without words for equal', () => {
    const hits = [hit('a', 0.9), hit('b', 0.8), hit('c', 0.7), hit('d', 0.6)]
    expect(set(hits, { a: 'クジラの心臓', b: 'クジラの心臓。', c: '***', d: '---' }).map(({ id }) => id)).toEqual([
      'a',
      'c',
      'd',
      'b',
    ])
  })

  it('reads the words of long texts in any script, whatever stands between them', () => {
    const words = Array.from({ length: 40 }, (_, n) => `кит${n} 鯨${n} 𝒳${n}é`)
    const hits = [hit('a', 0.9), hit('b', 0.8), hit('c', 0.7)]
    const texts = { a: words.join(' '), b: words.join('—😀 ').toUpperCase(), c: words.toReversed().join('') }
    expect(set(hits, texts)).toEqual([{ ...hit('a', 0.9), duplicates: ['b'] }, hit('c', 0.7), hit('b', 0.7)])
  })

  it('leaves what has no text where it stands', () => {
    const hits = [hit('a', 0.9), hit('b', 0.8)]
    expect(set(hits, {})).toEqual(hits)
  })

  it('compares many long texts in no time', () => {
    const long = Array.from({ length: 4_000 }, (_, n) => `word${n % 977}`).join(' ')
    const hits = Array.from({ length: 100 }, (_, n) => hit(String(n), 1 - n / 100))
    expect(setDuplicatesBehind(hits, () => long)[0]).toMatchObject({ id: '0', duplicates: { length: 99 } })
  })
})

function hit(id: string, score: number) {
  return { id, score }
}

function set(hits: { id: string; score: number }[], texts: Record<string, string | undefined>) {
  return setDuplicatesBehind(hits, ({ id }) => texts[id])
}
