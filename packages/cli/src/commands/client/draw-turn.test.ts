import { describe, expect, it } from '@jest/globals'
import type { StepView } from '@weft/contracts'
import { drawTurn } from './draw-turn.ts'
import { createLiveBlock } from './live-block.ts'

const startedAt = '2026-01-01T00:00:00.000Z'
const nowMs = Date.parse(startedAt) + 2_500

function step(stepId: string, dependsOn: string[], more: Partial<StepView> = {}): StepView {
  return { stepId, agent: 'rag', capability: 'retrieve', dependsOn, status: 'succeeded', attempt: 1, costUsd: 0, ...more }
}

describe('a turn drawn in the terminal', () => {
  it('puts every step below the deepest step it waits for, and names the others', () => {
    const steps = [
      step('left', [], { startedAt, endedAt: '2026-01-01T00:00:01.000Z' }),
      step('right', [], { status: 'dispatched', startedAt }),
      step('check', ['left']),
      step('write', ['right', 'check'], { status: 'pending', waitingFor: { cause: 'dependencies' } }),
    ]
    expect(drawTurn({ steps }, nowMs)).toEqual([
      '  ✓ left  rag.retrieve  succeeded 1.0 s',
      '  └─ ✓ check  rag.retrieve  succeeded',
      '     └─ · write  rag.retrieve  pending  after right',
      '  ▶ right  rag.retrieve  dispatched 2.5 s',
    ])
  })

  it('says what a step waits for, on whom and until when, and why it failed', () => {
    const waitingFor = { cause: 'approval appr_1.1', owner: 'role:board', deadline: '2030-01-01T00:00:00Z' }
    const problem = { code: 'timeout' as const, message: 'too slow', isRetryable: true }
    const steps = [
      step('a', [], { status: 'awaiting_approval', waitingFor }),
      step('b', [], { status: 'failed', attempt: 3, problem }),
    ]
    expect(drawTurn({ steps }, nowMs)).toEqual([
      '  ? a  rag.retrieve  awaiting_approval  waits for approval appr_1.1 (role:board) until 2030-01-01T00:00:00Z',
      '  ✗ b  rag.retrieve  failed  attempt 3  too slow',
    ])
  })

  it('draws a plan that runs in a circle without running in it itself', () => {
    expect(drawTurn({ steps: [step('a', ['b']), step('b', ['a']), step('c', [])] }, nowMs)).toEqual([
      '  ✓ c  rag.retrieve  succeeded',
    ])
  })
})

describe('lines that replace themselves', () => {
  function output(more: object) {
    const written: string[] = []
    const out = Object.assign(Object.create(process.stdout), { write: (text: string) => written.push(text) > 0, ...more })
    return { out, written }
  }

  it('erase exactly those that were there, and never wrap', () => {
    const { out, written } = output({ isTTY: true, columns: 10, rows: 4 })
    const block = createLiveBlock(out)
    block.show(['one', 'a line that is too long'])
    block.show(['1', '2', '3', '4', '5'])
    expect(written).toEqual(['one\na line th\n', '\u001b[2A\r\u001b[0J3\n4\n5\n'])
  })

  it('show nothing where nothing can be erased', () => {
    const { out, written } = output({ isTTY: false })
    createLiveBlock(out).show(['one'])
    expect(written).toEqual([])
  })
})
