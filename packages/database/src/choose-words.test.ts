import { describe, expect, it } from '@jest/globals'
import { chooseWords, type WordToRead } from './choose-words.ts'

const word = (id: string, weight: number, chunks: number, isStrong = false): WordToRead => ({ id, weight, chunks, isStrong })
const ids = (words: WordToRead[]) => words.map(({ id }) => id)

describe('the words of a query', () => {
  it('are all read while that is little', () => {
    const words = [word('common', 1, 12_000), word('rare', 9, 10)]
    expect(chooseWords(words)).toEqual({ read: words, lookUp: [] })
    expect(chooseWords([])).toEqual({ read: [], lookUp: [] })
  })

  it('are read from the most telling on, until enough chunks are', () => {
    const words = [word('common', 1, 60_000), word('rare', 9, 500), word('usual', 4, 9_000), word('frequent', 2, 20_000)]
    const { read, lookUp } = chooseWords(words)
    expect(ids(read)).toEqual(['rare', 'usual', 'frequent'])
    expect(ids(lookUp)).toEqual(['common'])
  })

  it('count first where a chunk is strongly about them', () => {
    const words = [word('weak', 4, 15_000), word('strong', 3, 11_000, true), word('more', 1, 50_000)]
    expect(ids(chooseWords(words).read)).toEqual(['strong'])
  })

  it('are read even if a single one is in very many chunks', () => {
    expect(ids(chooseWords([word('only', 1, 900_000)]).read)).toEqual(['only'])
  })
})
