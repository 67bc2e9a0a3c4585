import type { SessionView } from '@weft/contracts'
import { describe, expect, it } from '@jest/globals'
import { renderSession } from './render-session.ts'

const citation = {
  index: 1,
  fileId: 'file_1',
  filename: 'tides.md',
  quote: 'The moon raises the tides.',
  start: 0,
  end: 26,
  score: 0.9,
  verified: true as const,
}

const session: SessionView = {
  id: 'sess_1',
  object: 'session',
  status: 'failed',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:05.000Z',
  lastSeq: 9,
  turns: [
    {
      turn: 1,
      status: 'completed',
      model: 'weft/auto',
      acceptedAt: '2026-01-01T00:00:00.000Z',
      endedAt: '2026-01-01T00:00:02.500Z',
      steps: [step({ stepId: 'retrieve', status: 'succeeded', attempt: 2 })],
      answer: { text: 'The moon [1].', citations: [citation], degraded: ['offline_model'], usage: [], costUsd: 0.0021 },
    },
    {
      turn: 2,
      status: 'failed',
      model: 'weft/auto',
      acceptedAt: '2026-01-01T00:00:04.000Z',
      steps: [
        step({
          stepId: 'answer',
          status: 'failed',
          problem: { code: 'upstream_error', message: 'the model is away', isRetryable: true },
        }),
      ],
    },
  ],
}

describe('a session on the terminal', () => {
  it('shows each turn with its time, its steps, its answer, sources and cost', () => {
    const text = renderSession(session).join('\n')
    expect(text).toContain('session sess_1: failed')
    expect(text).toContain('turn 1: completed (weft/auto, 2.5 s)')
    expect(text).toMatch(/retrieve +rag\.retrieve {2}succeeded, 1\.0 s, attempt 2/)
    expect(text).toContain('The moon [1].\n\n[1] tides.md “The moon raises the tides.”')
    expect(text).toContain('offline model')
    expect(text).toContain('cost: $0.002100')
  })

  it('says why a step failed', () => {
    expect(renderSession(session).join('\n')).toMatch(/answer +rag\.retrieve {2}failed.*: the model is away/)
  })
})

function step(more: Partial<SessionView['turns'][number]['steps'][number]>) {
  return {
    stepId: 'retrieve',
    agent: 'rag',
    capability: 'retrieve',
    dependsOn: [],
    status: 'pending' as const,
    attempt: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:01.000Z',
    costUsd: 0,
    ...more,
  }
}
