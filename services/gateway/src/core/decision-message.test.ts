import { describe, expect, it } from '@jest/globals'
import { readDecisionMessage } from './decision-message.ts'

describe('a message that decides', () => {
  it.each([
    ['approve', { action: 'approve' }],
    [' Approve.\n', { action: 'approve' }],
    ['approve: after lunch', { action: 'approve', comment: 'after lunch' }],
    ['approve appr_sess_1.2', { action: 'approve', approvalId: 'appr_sess_1.2' }],
    ['approve appr_sess_1.2: fine', { action: 'approve', approvalId: 'appr_sess_1.2', comment: 'fine' }],
    ['reject', { action: 'reject' }],
    ['reject because it is\ntoo dear', { action: 'reject', comment: 'it is\ntoo dear' }],
    ['Reject: too dear', { action: 'reject', comment: 'too dear' }],
    ['reject, too dear', { action: 'reject', comment: 'too dear' }],
    ['reject appr_a-b.10 because no', { action: 'reject', approvalId: 'appr_a-b.10', comment: 'no' }],
  ])('%j', (text, decision) => {
    expect(readDecisionMessage(text)).toEqual(decision)
  })

  it.each([
    '',
    'approved',
    'approve it',
    'approve, but send it to Bob',
    'approve if Bob agrees',
    'please approve',
    'I would approve',
    'approve appr_sess_1.2 and appr_sess_1.3',
    'approve:',
    'do not approve',
    'yes',
    'rejected',
    'reject it',
    'Why would you reject because of that?',
  ])('is not %j', (text) => {
    expect(readDecisionMessage(text)).toBeUndefined()
  })

  it.each(['approve ', 'reject because ', 'approve appr_', 'approve :', 'reject,'])(
    'is read in linear time when it begins with %j',
    (start) => {
      const usedBefore = process.cpuUsage()
      for (const filling of [' ', 'a', ' a', ':', 'approve ']) readDecisionMessage(`${start}${filling.repeat(200_000)}\n!`)
      expect(process.cpuUsage(usedBefore).user / 1_000).toBeLessThan(1_000)
    },
  )
})
