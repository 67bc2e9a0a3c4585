import { expect, it } from '@jest/globals'
import type { Citation } from '@weft/contracts'
import { gatherFindings } from './gather-findings.ts'
import { mergeFindings } from './merge-findings.ts'

const quote = (index: number, fileId: string, [start, end]: [number, number]): Citation => ({
  index,
  fileId,
  filename: fileId,
  quote: 'q'.repeat(end - start),
  start,
  end,
  score: 1,
  verified: true,
})
const says = (text: string, ...citations: Citation[]) => ({ status: 'succeeded' as const, output: { text }, citations })

it('numbers the quotes of all steps as one list, each stretch of a document once', () => {
  const { findings } = gatherFindings({
    a: says('First [1]. Second [2].', quote(1, 'x', [0, 100]), quote(2, 'y', [0, 10])),
    b: says('Third [1] and again [2, 3].', quote(1, 'z', [5, 9]), quote(2, 'x', [20, 40]), quote(3, 'y', [0, 10])),
  })
  const { evidence, statements } = mergeFindings(findings)
  expect(evidence.map(({ passage: { fileId, start } }) => `${fileId}:${start}`)).toEqual(['x:0', 'z:5', 'y:0'])
  expect(statements).toEqual([
    { by: 'a', text: 'First [1]. Second [3].', isCited: true },
    { by: 'b', text: 'Third [2] and again [1][3].', isCited: true },
  ])
})

it('leaves out a number that stands for no quote: it would stand for another step’s', () => {
  const { findings } = gatherFindings({ a: says('Known [1].', quote(1, 'x', [0, 9])), b: says('Guessed [1].') })
  expect(mergeFindings(findings).statements[1]).toEqual({ by: 'b', text: 'Guessed.', isCited: false })
})
