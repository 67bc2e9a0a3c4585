import type { Citation } from '@weft/contracts'
import { describe, expect, it } from '@jest/globals'
import { lineOf } from './locate-lines.ts'
import { describeDegraded, renderSources, shortened } from './render-sources.ts'

describe('sources under an answer', () => {
  it('name the file, the line and the quote', () => {
    expect(renderSources([{ ...citation, line: 12 }])).toEqual(['[1] notes/tides.md:12 “The moon raises the tides.”'])
  })

  it('name the page where the file has pages', () => {
    expect(renderSources([{ ...citation, filename: 'tides.pdf', page: 3 }])).toEqual([
      '[1] tides.pdf (page 3) “The moon raises the tides.”',
    ])
  })

  it('fit a quote over several lines onto one, and end a long one with an ellipsis', () => {
    expect(renderSources([{ ...citation, quote: 'The moon\n  raises\tthe tides.' }])[0]).toContain('“The moon raises the tides.”')
    expect(shortened('🌊'.repeat(30), 10)).toBe(`${'🌊'.repeat(9)}…`)
  })
})

describe('the line of a quote', () => {
  const text = 'tide 🌊\nmoon 🌕 rises\nsun'

  it('counts code points, not UTF-16 units', () => {
    expect(lineOf(text, { start: 13, quote: ' rises' })).toBe(2)
    expect(lineOf(text, { start: 20, quote: 'sun' })).toBe(3)
  })

  it('is not given for a quote that does not stand at its offset', () => {
    expect(lineOf(text, { start: 14, quote: ' rises' })).toBeUndefined()
    expect(lineOf(text, { start: 500, quote: 'sun' })).toBeUndefined()
  })
})

describe('what an answer lacks', () => {
  it('is said in words, with a way out for the offline model', () => {
    expect(describeDegraded(['offline_model'])[0]).toMatch(/offline model.*OPENAI_API_KEY/)
    expect(describeDegraded(['step_skipped:retrieve-b'])[0]).toContain('retrieve-b')
    expect(describeDegraded(['search_skipped:rerank'])).toEqual(['a part of the search was left out: rerank'])
    expect(describeDegraded(['something_new', 'new:x'])).toEqual(['something_new', 'new:x'])
  })
})

const citation: Citation = {
  index: 1,
  fileId: 'file_1',
  filename: 'notes/tides.md',
  quote: 'The moon raises the tides.',
  start: 10,
  end: 36,
  score: 0.8,
  verified: true,
}
