import { describe, expect, it } from '@jest/globals'
import { letterPairs } from './unspaced-letters.ts'

describe('letter pairs', () => {
  it('overlap, so that a word is found wherever it begins in a run', () => {
    expect(letterPairs('京都市')).toEqual(['京都', '都市'])
  })

  it('leave a single letter as it is, and cut no letter in two', () => {
    expect(letterPairs('京')).toEqual(['京'])
    expect(letterPairs('𠮷野家')).toEqual(['𠮷野', '野家'])
  })
})
