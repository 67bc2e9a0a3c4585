import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { ApprovalPolicyFile } from '@weft/contracts'
import { loadYaml } from '@weft/settings'
import { findPolicy } from './core/approval-terms.ts'

const example = join(import.meta.dirname, '..', '..', '..', 'docs', 'examples', 'approval-policies.yaml')

it('the example of approval policies can be used as it is', () => {
  const { policies } = loadYaml(example, ApprovalPolicyFile)
  const subject = { agent: 'billing-eu', capability: 'pay', risk: 'medium', kind: 'step' } as const
  expect(findPolicy(policies, subject)).toMatchObject({ name: 'payments', quorum: 2 })
  expect(findPolicy(policies, { ...subject, agent: 'mail', kind: 'agent', risk: 'high' })?.name).toBe('high-risk')
  expect(findPolicy(policies, { ...subject, agent: 'mail' })).toBeUndefined()
})

it('a policy that nobody could fulfil is refused with its place', () => {
  const refused = ApprovalPolicyFile.safeParse({ policies: [{ name: 'p', match: {}, assignees: ['ann'], quorum: 2 }] })
  expect(refused.error?.issues[0]).toMatchObject({ path: ['policies', 0, 'quorum'] })
})
