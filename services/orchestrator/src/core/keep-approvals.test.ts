import { describe, expect, it } from '@jest/globals'
import { childAgent, type WorkflowStep } from '@weft/contracts'
import { DrivenSession, planOf } from './testing.ts'

const cfo = { reason: 'money leaves', assignees: ['cfo'] }
const clerk = { reason: 'mail leaves', assignees: ['clerk'] }
const steps: Partial<WorkflowStep>[] = [
  { stepId: 'mail', capability: 'mail', approval: clerk },
  { stepId: 'pay', capability: 'pay', approval: cfo, dependsOn: ['mail'] },
  { stepId: 'answer', dependsOn: ['pay'] },
]

/** What comes of a clerk's putting these steps in the place of the plan's. */
function rewriting(next: Partial<WorkflowStep>[], { isAdmin = false, rule = clerk as object } = {}): string {
  const session = new DrivenSession()
  session.policies = [
    {
      name: 'money',
      isRequired: true,
      match: { capability: 'transfer' },
      assignees: ['cfo'],
      quorum: 1,
      onTimeout: 'reject',
      escalation: [],
    },
  ]
  session.run(steps.map((step) => (step.stepId === 'mail' ? { ...step, approval: { ...clerk, ...rule } } : step)))
  try {
    session.decide('mail', { action: 'modify', plan: planOf(next) }, { id: 'clerk', isAdmin })
    return session.approvalOf('mail').status
  } catch (thrown) {
    return `${Reflect.get(Object(thrown), 'code')} ${Reflect.get(Object(thrown), 'param')}`
  }
}

const [mail = {}, pay = {}, answer = {}] = steps

const { approval: _asked, ...unasked } = pay
const instead = { ...unasked, stepId: 'pay2' }
const after = { ...answer, dependsOn: ['pay2'] }

describe('an approver who changes the plan', () => {
  it.each<[string, Partial<WorkflowStep>[], string]>([
    ['takes away what others are asked', [mail, unasked, answer], 'pay'],
    ['asks somebody else', [mail, { ...pay, approval: clerk }, answer], 'pay'],
    ['has another step do it unasked', [mail, instead, after], 'pay2'],
    [
      'has it done as a fallback',
      [mail, { ...instead, agent: 'other', onFailure: { action: 'fallback', agent: 'worker' } }, after],
      'pay2',
    ],
    [
      'has a child session do it',
      [mail, { stepId: 'pay2', ...childAgent, params: { input: 'Pay.', plan: planOf([{ ...instead, dependsOn: [] }]) } }, after],
      'pay2',
    ],
    ['takes his own approval for what falls under a policy', [{ ...mail, capability: 'transfer' }, pay, answer], 'mail'],
    ['turns a free step into it', [mail, pay, { ...answer, capability: 'pay' }], 'answer'],
  ])('is refused when it %s', (_what, next, stepId) => {
    expect(rewriting(next)).toBe(`permission_denied plan.steps.${stepId}`)
    expect(rewriting(next, { isAdmin: true })).not.toContain('permission_denied')
  })

  it('may have done something else, ask for more, and leave steps out', () => {
    expect(rewriting([mail, { ...pay, params: { amount: 4 } }, answer])).toBe('modified')
    expect(rewriting([mail, pay, { ...answer, approval: cfo }])).toBe('modified')
    expect(rewriting([mail, { ...answer, dependsOn: ['mail'] }])).toBe('modified')
    expect(rewriting([{ ...answer, dependsOn: [] }])).toBe('modified')
  })

  it('does not leave out by himself what takes two', () => {
    const rule = { assignees: ['clerk', 'ann'], quorum: 2 }
    expect(rewriting([{ ...answer, dependsOn: [] }], { rule })).toBe('permission_denied plan.steps.mail')
  })
})
