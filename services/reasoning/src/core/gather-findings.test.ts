import { describe, expect, it } from '@jest/globals'
import type { Passage } from '@weft/contracts'
import { gatherFindings, inTurns, passagesMax } from './gather-findings.ts'

const passage = (chunkId: string): Passage => ({
  chunkId,
  vectorStoreId: 'vs',
  fileId: chunkId,
  filename: 'f.md',
  text: chunkId,
  start: 0,
  end: 1,
  score: 1,
})
const found = (query: string, ids: string[]) => ({
  status: 'succeeded' as const,
  output: { query, passages: ids.map(passage) },
  citations: [],
})

describe('what the steps before have found', () => {
  it('is taken in turns, each passage once, with what finds it better, named by subject, query or step', () => {
    const { findings } = gatherFindings(
      {
        a: found('qa', ['1', '2', '3']),
        b: found('qb', ['2', '4']),
        c: { ...found('', ['5']), output: { passages: [passage('5')] } },
      },
      ['wool'],
    )
    expect(inTurns(findings).map(({ about, passage: { chunkId } }) => `${about}:${chunkId}`)).toEqual([
      'wool:1',
      'qb:2',
      'c:5',
      'wool:3',
      'qb:4',
    ])
  })

  it('gives every subject its share of the limit', () => {
    const many = (prefix: string) => Array.from({ length: 100 }, (_, index) => `${prefix}${index}`)
    const { findings } = gatherFindings({ a: found('a', many('a')), b: found('b', many('b')) })
    expect(findings.map(({ passages }) => passages.length)).toEqual([passagesMax / 2, passagesMax / 2])
  })

  it('names failed steps, subjects without a passage, and what the steps themselves were short of', () => {
    const dependencies = {
      a: { status: 'failed' as const, citations: [] },
      b: found('silk', []),
      c: {
        status: 'succeeded' as const,
        output: { passages: [passage('1')], query: 'q', degraded: ['database_unavailable'] },
        citations: [],
      },
    }
    expect(gatherFindings(dependencies)).toMatchObject({
      missing: ['silk'],
      unsearched: ['a'],
      degraded: ['step_skipped:a', 'database_unavailable'],
    })
  })

  it('leaves out an output of another shape', () => {
    expect(gatherFindings({ a: { status: 'succeeded', output: 42, citations: [] } })).toEqual({
      findings: [],
      missing: [],
      unsearched: [],
      degraded: [],
    })
  })
})
