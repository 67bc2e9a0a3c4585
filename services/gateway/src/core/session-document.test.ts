import { describe, expect, it } from '@jest/globals'
import { approvalOf } from '../testing/approvals.ts'
import { documentMarkdown } from './document-markdown.ts'
import { sessionDocument } from './session-document.ts'
import type { OutcomeSource } from './turn-outcome.ts'

const at = '2026-01-01T00:00:00Z'
const question = { turn: 1, role: 'user', at, content: 'Why?' }
const failure = { code: 'upstream_error' as const, message: 'the agent\nsaid no', isRetryable: false }
const answer = { text: '', citations: [], degraded: [], usage: [], costUsd: 0 }

function markdownOf(turn: Partial<OutcomeSource>, answered: string[] = []): string {
  const messages = [question, ...answered.map((content) => ({ turn: 1, role: 'assistant', at, content }))]
  const turns = [{ turn: 1, status: 'completed' as const, steps: [], ...turn }]
  return documentMarkdown(sessionDocument({ id: 'sess_1', title: '', messages, turns, isCut: false }))
}

describe('a session to read', () => {
  it.each([
    [{ status: 'failed' as const, answer: { ...answer, problem: failure } }, 'was not answered: the agent said no'],
    [{ status: 'cancelled' as const }, 'was not answered: its work was cancelled'],
    [{ status: 'running' as const }, 'is being worked on'],
    [{ status: 'awaiting_approval' as const, approvals: [approvalOf({ id: 'appr_7' })] }, 'waits for a decision: appr_7'],
  ])('says why a question has no answer: %j', (turn, why) => {
    expect(markdownOf(turn)).toMatch(new RegExp(`Why\\?\n\n_Question 1 ${why}_\n$`))
  })

  it('tells of steps that were lost, and of sessions that did a part, behind the answer', () => {
    const steps = [
      { stepId: 'look', status: 'skipped' as const, problem: failure },
      { stepId: 'maybe', status: 'skipped' as const },
      { stepId: 'dig', status: 'succeeded' as const, childSessionId: 'sess_child' },
    ]
    const end = 'Because.\n\n- look was left out: the agent said no\n\n- dig: session sess_child does this\n'
    expect(markdownOf({ steps }, ['Because.']).endsWith(end)).toBe(true)
  })

  it('says what it leaves out: what became of turns that are not known, and what was said after its end', () => {
    const messages = [question, { ...question, turn: 2, content: 'And then?' }]
    const turns = [{ turn: 1, status: 'completed' as const, steps: [] }]
    const lastOf = (isCut: boolean, known: OutcomeSource[]) =>
      sessionDocument({ id: 'sess_1', title: '', messages, turns: known, isCut }).at(-1)?.text
    expect(lastOf(false, turns)).toMatch(/^Of some turns only what was said is shown: .*\/v1\/sessions\/sess_1\/events$/)
    expect(lastOf(true, turns)).toBe('The document ends here: the session goes on at /v1/sessions/sess_1/messages')
    expect(lastOf(false, [...turns, { turn: 2, status: 'completed', steps: [] }])).toBe('And then?')
  })
})
