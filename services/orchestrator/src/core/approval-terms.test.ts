import { expect, it } from '@jest/globals'
import { type ApprovalPolicy, ApprovalPolicyFile } from '@weft/contracts'
import { joinTerms } from './approval-terms.ts'

function policy(more: object): ApprovalPolicy {
  const [read] = ApprovalPolicyFile.parse({ policies: [{ name: 'money', match: {}, ...more }] }).policies
  if (read === undefined) throw new Error('no policy')
  return read
}

const rule = (more: object) => ({ reason: 'money leaves', ...more })

it.each([
  ['a plan may ask fewer of those a policy asks', rule({ assignees: ['ann'] }), { assignees: ['ann', 'ben'] }, ['ann'], 1],
  ['but nobody else', rule({ assignees: ['eve'] }), { assignees: ['ann', 'ben'] }, ['ann', 'ben'], 1],
  [
    'nor so few that a policy needs more',
    rule({ assignees: ['ann'] }),
    { assignees: ['ann', 'ben'], quorum: 2 },
    ['ann', 'ben'],
    2,
  ],
  ['also where the policy asks everybody', rule({ assignees: ['alice'] }), { quorum: 2 }, [], 2],
  ['the larger quorum holds', rule({ quorum: 3 }), { quorum: 2 }, [], 3],
  ['a plan alone is taken at its word', rule({ assignees: ['ann', 'ben'], quorum: 2 }), undefined, ['ann', 'ben'], 2],
])('%s', (_what, own, ruling, assignees, quorum) => {
  expect(joinTerms(own, ruling === undefined ? undefined : policy(ruling))).toMatchObject({ assignees, quorum })
})

it('the shorter time holds', () => {
  expect(joinTerms(rule({ timeoutMs: 5_000 }), policy({ timeoutMs: 9_000 })).timeoutMs).toBe(5_000)
  expect(joinTerms(rule({ timeoutMs: 9_000 }), policy({ timeoutMs: 5_000 })).timeoutMs).toBe(5_000)
})
