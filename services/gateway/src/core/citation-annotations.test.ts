import { expect, it } from '@jest/globals'
import { citationAnnotations } from './citation-annotations.ts'

const citation = (index: number) => ({
  index,
  fileId: `file_${index}`,
  filename: `${index}.md`,
  quote: 'q',
  start: 0,
  end: 1,
  score: 1,
  verified: true as const,
})

it('puts each marker’s file where the marker is, and leaves other brackets alone', () => {
  expect(citationAnnotations('🐦 sleeps [1] on [3] the wing [2][1].', [citation(1), citation(2)])).toEqual([
    { type: 'file_citation', file_id: 'file_1', filename: '1.md', index: 9 },
    { type: 'file_citation', file_id: 'file_2', filename: '2.md', index: 29 },
    { type: 'file_citation', file_id: 'file_1', filename: '1.md', index: 32 },
  ])
})
