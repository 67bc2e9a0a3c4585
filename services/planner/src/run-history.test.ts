import { expect, it } from '@jest/globals'
import { createRunHistory } from './run-history.ts'

it('tells what was read last without waiting, reads anew after half a minute, and keeps what it knows while nothing can be read', async () => {
  let nowMs = 0
  let cost = 1
  const problems: unknown[] = []
  const load = async () => {
    if (cost === 0) throw new Error('away')
    return [{ steps: [{ agent: 'rag', capability: 'answer', costUsd: cost }] }]
  }
  const history = createRunHistory(load, { nowMs: () => nowMs, onProblem: (cause) => problems.push(cause) })
  const costs = async () => {
    const found = history.of('acme').map(({ steps }) => steps[0]?.costUsd)
    await new Promise(setImmediate)
    return found
  }
  expect(await costs()).toEqual([])
  cost = 2
  expect(await costs()).toEqual([1])
  nowMs = 31_000
  expect([await costs(), await costs()]).toEqual([[1], [2]])
  cost = 0
  nowMs = 62_000
  expect([await costs(), await costs()]).toEqual([[2], [2]])
  expect(problems).toHaveLength(1)
})
