import { expect, it } from '@jest/globals'
import { type ChainedLine, findBreak, hashHistoryLine } from './approval-history.ts'
import { chainStart } from './hash-chain.ts'

function chain(count: number): ChainedLine[] {
  const lines: ChainedLine[] = []
  for (let position = 1; position <= count; position += 1) {
    const previousHash = lines.at(-1)?.hash ?? chainStart.hash
    const line = { position, approvalId: 'appr_s.1', sessionId: 's', seq: position, at: 't', entry: { kind: 'voted', by: 'ann' } }
    lines.push({ ...line, previousHash, hash: hashHistoryLine(previousHash, line) })
  }
  return lines
}

function breakIn(lines: ChainedLine[]): string | undefined {
  let before = chainStart
  for (const line of lines) {
    const why = findBreak(line, before)
    if (why !== undefined) return why
    before = line
  }
  return undefined
}

it('a chain as it was written holds', () => {
  expect(breakIn(chain(5))).toBeUndefined()
})

it('tells a line that was changed, taken out or put elsewhere', () => {
  const changed = chain(5)
  const [, second] = changed
  if (second !== undefined) changed[1] = { ...second, entry: { kind: 'voted', by: 'eve' } }
  expect(breakIn(changed)).toBe('line 2 was changed after it was written')
  expect(breakIn(chain(5).filter((line) => line.position !== 3))).toBe('line 3 is missing')
  const forged = chain(5)
  const [first] = forged
  if (first !== undefined) {
    const line = { ...first, entry: { kind: 'voted', by: 'eve' } }
    forged[0] = { ...line, hash: hashHistoryLine(chainStart.hash, line) }
  }
  expect(breakIn(forged)).toBe('line 2 does not follow line 1')
})
