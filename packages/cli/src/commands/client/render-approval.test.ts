import { expect, it } from '@jest/globals'
import type { ApprovalView } from '@weft/contracts'
import { renderApproval, renderApprovalLine } from './render-approval.ts'

const approval: ApprovalView = {
  id: 'appr_sess_1.1',
  object: 'approval',
  status: 'pending',
  kind: 'step',
  sessionId: 'sess_1',
  rootSessionId: 'sess_1',
  turn: 1,
  stepId: 'pay',
  agent: 'billing',
  capability: 'pay',
  action: 'pay\u001b[2K',
  args: { amount: '\u202e05' },
  hash: 'a'.repeat(64),
  planVersion: 1,
  reason: 'As \u200bagreed.\nrisk       low',
  risk: 'high',
  context: { question: '', dependencies: [] },
  costUsd: { soFar: 0 },
  assignees: [],
  quorum: 1,
  votes: [],
  commentCount: 0,
  requestedAt: '2026-01-01T00:00:00Z',
  escalationLevel: 0,
}

it('shows an approver what an agent would have hidden or turned around, and no line of its own making', () => {
  const lines = renderApproval(approval).join('\n').split('\n')
  expect(lines).toContain('    "amount": "[U+202E]05"')
  expect(lines.filter((line) => line.startsWith('risk'))).toEqual(['risk       high'])
  for (const text of [lines.join('\n'), renderApprovalLine(approval)]) {
    expect(text).toContain('pay[U+001B][2K')
    expect(text).toContain('As [U+200B]agreed.')
  }
})
