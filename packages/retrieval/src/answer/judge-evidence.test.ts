import { describe, expect, it } from '@jest/globals'
import { type FoundPassage, judgeEvidence } from './judge-evidence.ts'

const whales = { title: 'whales.md', text: 'The heart of a blue whale weighs about 180 kg.', bm25: 18 }
const trade = { title: 'trade.md', text: 'The treaty on trade was signed by nine states.', bm25: 3 }

describe('judgeEvidence', () => {
  it('finds an answer likely where passages have the words of the question, and unlikely where they have hardly one', () => {
    expect(judgeEvidence('How much does the heart of a blue whale weigh?', [trade, whales])).toBeGreaterThan(0.5)
    expect(judgeEvidence('Which enzyme cuts the trade winds of stellar plasma?', [trade])).toBeLessThan(0.1)
  })

  it('finds it likelier the more words there are, in one passage or in several together', () => {
    const question = 'Which states signed the treaty on whale hearts?'
    expect(judgeEvidence(question, [trade, whales])).toBeGreaterThan(judgeEvidence(question, [trade]))
  })

  it('does not trust words where vectors find a passage near, or where the question has hardly any', () => {
    expect(judgeEvidence('Quelle est la masse du cœur de la baleine ?', [{ ...whales, bm25: undefined, cosine: 0.62 }])).toBe(1)
    expect(judgeEvidence('Why?', [trade])).toBe(1)
    expect(judgeEvidence('クジラ', [trade])).toBe(1)
  })

  it('finds nothing in no passages', () => {
    expect(judgeEvidence('How deep is the sea?', [] satisfies FoundPassage[])).toBe(0)
  })
})
