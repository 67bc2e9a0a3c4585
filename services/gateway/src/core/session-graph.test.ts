import { describe, expect, it } from '@jest/globals'
import type { StepView } from '@weft/contracts'
import { plan, turnOf } from '../testing/turns.ts'
import { sessionGraph } from './session-graph.ts'

function stepOf(stepId: string, more: Partial<StepView> = {}): StepView {
  return { stepId, agent: 'rag', capability: stepId, dependsOn: [], status: 'succeeded', attempt: 1, costUsd: 0, ...more }
}

describe('a turn as a graph', () => {
  it('shows every step with its state, and what depends on what', () => {
    const waitingFor = { cause: 'approval appr_1.1: costs "money"', owner: 'role:board', deadline: '2030-01-01T00:00:00Z' }
    const steps = [
      stepOf('retrieve', { attempt: 2 }),
      stepOf('answer', { dependsOn: ['retrieve'], status: 'awaiting_approval', attempt: 0, waitingFor }),
    ]
    const lines = sessionGraph(turnOf({ plan, steps })).split('\n')
    expect(lines.slice(0, 4)).toEqual([
      'flowchart TD',
      '  s0["retrieve<br/>rag.retrieve<br/>succeeded, attempt 2"]:::succeeded',
      '  s1(["answer<br/>rag.answer<br/>awaiting_approval<br/>waits: approval appr_1.1: costs #34;money#34;, role:board, until 2030-01-01T00:00:00Z"]):::awaiting_approval',
      '  s0 --> s1',
    ])
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}classDef awaiting_approval /))
  })

  it('lets no text out of its box', () => {
    const waitingFor = { cause: '"]; click s0 href "javascript:alert(1)" %%\nx-->y' }
    const graph = sessionGraph(turnOf({ plan, steps: [stepOf('answer', { waitingFor })] }))
    const box = graph.split('\n')[1] ?? ''
    expect(box.match(/"/g)).toHaveLength(2)
    expect(graph).not.toContain('x-->y')
  })
})
