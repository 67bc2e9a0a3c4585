import { describe, expect, it } from '@jest/globals'
import { ApprovalPolicyFile } from './approval-policy-file.ts'

const file = (more: object, besides: object = {}) => ({ policies: [{ name: 'payments', match: {}, ...more }], ...besides })
const rung = (more: object) => ({ escalation: [{ assignees: ['ann'], timeoutMs: 5, ...more }] })

describe('a file of approval policies', () => {
  it.each([
    ['a misspelt field of a policy', file({ isRequierd: true }), 'policies.0', 'isRequierd'],
    ['one of a match, which would fit everything', file({ match: { agnet: 'billing' } }), 'policies.0.match', 'agnet'],
    ['one of a rung', file(rung({ quorom: 2 })), 'policies.0.escalation.0', 'quorom'],
    ['one beside the policies', file({}, { policy: [] }), '', 'policy'],
    ['a pattern that fits no agent', file({ match: { agent: '*pay' } }), 'policies.0.match.agent', 'at the end'],
    ['a list of risks that fits none', file({ match: { risk: [] } }), 'policies.0.match.risk', 'fits nothing'],
    ['a list of kinds that fits none', file({ match: { kind: [] } }), 'policies.0.match.kind', 'fits nothing'],
    ['a role that no key can have', file({ assignees: ['role:the boss'] }), 'policies.0.assignees.0', 'no key'],
    ['a role without a name, on a rung', file(rung({ assignees: ['role:'] })), 'policies.0.escalation.0.assignees.0', 'no key'],
    ['a quorum of one person twice', file({ assignees: ['bob', 'bob'], quorum: 2 }), 'policies.0.quorum', 'more than'],
    ['a quorum that a rung cannot reach', file(rung({ quorum: 2 })), 'policies.0.escalation.0.quorum', 'more than'],
  ])('is refused for %s, with its place', (_what, policies, place, said) => {
    const [issue] = ApprovalPolicyFile.safeParse(policies).error?.issues ?? []
    expect(issue?.path.join('.')).toBe(place)
    expect(issue?.message).toContain(said)
  })

  it('may leave out whatever has a default, and ask a role of which nobody knows how many hold it', () => {
    const policies = file({ match: { agent: 'billing*' }, assignees: ['role:finance'], quorum: 2 })
    expect(ApprovalPolicyFile.parse(policies)).toMatchObject({
      policies: [{ isRequired: false, onTimeout: 'reject', escalation: [], quorum: 2 }],
    })
  })
})
