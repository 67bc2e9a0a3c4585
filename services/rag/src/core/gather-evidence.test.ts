import { describe, expect, it } from '@jest/globals'
import type { DependencyResult, Passage } from '@weft/contracts'
import { gatherEvidence, passagesMax } from './gather-evidence.ts'

describe('gatherEvidence', () => {
  it('takes passages of several retrievals in turns, each once', () => {
    const { passages, degraded } = gatherEvidence({
      one: found(['a', 'b', 'c']),
      two: found(['b', 'd']),
    })
    expect(passages.map(({ chunkId }) => chunkId)).toEqual(['a', 'b', 'd', 'c'])
    expect(degraded).toEqual([])
  })

  it('names the steps that did not succeed, and passes on what others lacked', () => {
    const dependencies = {
      gone: { status: 'skipped', citations: [] },
      weak: { ...found(['a']), output: { passages: [passage('a')], query: 'q', degraded: ['database_unavailable'] } },
    } satisfies Record<string, DependencyResult>
    expect(gatherEvidence(dependencies).degraded).toEqual(['step_skipped:gone', 'database_unavailable'])
  })

  it('quotes again what earlier answers have quoted, and names what it cannot quote from', () => {
    const quoted = { index: 1, fileId: 'f', filename: 'f.md', quote: 'wool', start: 3, end: 7, score: 1, verified: true as const }
    const { passages, degraded } = gatherEvidence({
      answered: { status: 'succeeded', output: { text: 'Wool [1].' }, citations: [quoted] },
      odd: { status: 'succeeded', output: { text: 'x' }, citations: [] },
    })
    expect(passages).toEqual([expect.objectContaining({ fileId: 'f', text: 'wool', start: 3, end: 7 })])
    expect(degraded).toEqual(['step_unused:odd'])
  })

  it('knows how likely an answer is when every step that found passages says so, and takes the best', () => {
    const judged = (evidence: number) => ({ ...found(['a']), output: { passages: [passage('a')], query: 'q', evidence } })
    expect(gatherEvidence({ one: judged(0.1), two: judged(0.4) }).evidence).toBe(0.4)
    expect(gatherEvidence({ one: judged(0.1), two: found(['b']) }).evidence).toBeUndefined()
    expect(gatherEvidence({}).evidence).toBeUndefined()
  })

  it('keeps to what a prompt can hold', () => {
    const many = found(Array.from({ length: 500 }, (_, number) => `chunk_${number}`))
    expect(gatherEvidence({ many }).passages).toHaveLength(passagesMax)
  })
})

function found(chunkIds: string[]): DependencyResult {
  return { status: 'succeeded', output: { passages: chunkIds.map(passage), query: 'q' }, citations: [] }
}

function passage(chunkId: string): Passage {
  return { chunkId, vectorStoreId: 'vs', fileId: 'file', filename: 'a.md', text: chunkId, start: 0, end: 1, score: 1 }
}
