import { describe, expect, it } from '@jest/globals'
import type { ApprovalPolicy, WorkflowStep } from '@weft/contracts'
import { executeRequest } from './execute-request.ts'
import { fromHead, partsOf, toHead } from './persist-session.ts'
import { SessionHead } from './session-head.ts'
import { viewSession } from './session-view.ts'
import { DrivenSession, planOf } from './testing.ts'

const approval = { reason: 'money leaves' }

/** Two steps that ask, one that does not, and what needs all of them. */
const parallel: Partial<WorkflowStep>[] = [
  { stepId: 'a', approval },
  { stepId: 'b', approval },
  { stepId: 'c' },
  { stepId: 'answer', dependsOn: ['a', 'b', 'c'] },
]

function run(steps: Partial<WorkflowStep>[] = parallel): DrivenSession {
  const session = new DrivenSession()
  session.run(steps)
  return session
}

const count = (session: DrivenSession, type: string) => session.commands.filter((command) => command.type === type).length

describe('a step that is to be tried again', () => {
  const failing = (): DrivenSession => {
    const session = run([{ stepId: 'answer', params: { amount: 5 }, idempotent: false, onFailure: { action: 'ask' } }])
    session.fail('answer')
    return session
  }
  const keyOf = (session: DrivenSession) => executeRequest(session.state, session.ref('answer'))?.idempotencyKey

  it('has another idempotency key when it is to do something else: what it did before is no answer to that', () => {
    const [same, other] = [failing(), failing()]
    same.decide('answer', { action: 'approve' })
    other.decide('answer', { action: 'modify', params: { amount: 4 } })
    expect([keyOf(same), keyOf(other)]).toEqual(['s1/1/answer', 's1/1/answer/1'])
  })

  it('has another key too when it was left out and put back', () => {
    const session = run([
      { stepId: 'a', onFailure: { action: 'ask' } },
      { stepId: 'b', approval },
      { stepId: 'answer', dependsOn: ['b'] },
    ])
    session.fail('a')
    const [b, c, answer] = [
      { stepId: 'b', approval },
      { stepId: 'c', approval },
      { stepId: 'answer', dependsOn: ['b'] },
    ]
    const root = { isAdmin: true }
    session.decide('b', { action: 'modify', plan: planOf([b, c, answer]) }, root)
    session.decide('c', { action: 'modify', plan: planOf([b, { stepId: 'a' }, c, answer]) }, root)
    expect(executeRequest(session.state, session.ref('a'))?.idempotencyKey).toBe('s1/1/a/1')
  })

  it('goes to the agent that an approver gives it to', () => {
    const session = failing()
    const plan = planOf([
      { stepId: 'answer', agent: 'second', params: { amount: 5 }, idempotent: false, onFailure: { action: 'ask' } },
    ])
    session.decide('answer', { action: 'modify', plan }, { isAdmin: true })
    expect(executeRequest(session.state, session.ref('answer'))).toMatchObject({
      agent: 'second',
      idempotencyKey: 's1/1/answer/1',
    })
  })

  it('is shown as what would be done now, when the plan has it do something else', () => {
    const session = failing()
    const before = session.approvalOf('answer')
    const plan = planOf([
      { stepId: 'answer', params: { amount: 5 }, idempotent: false, onFailure: { action: 'ask' }, capability: 'refund' },
    ])
    session.decide('answer', { action: 'modify', plan }, { isAdmin: true })
    expect(session.approvalOf('answer')).toMatchObject({ capability: 'refund', action: 'try refund again' })
    expect(session.approvalOf('answer').hash).not.toBe(before.hash)
  })
})

describe('a step that an approver has wait for another', () => {
  const check = { stepId: 'check', capability: 'verify' }
  const answer = { stepId: 'answer', dependsOn: ['a', 'b'] }

  it('begins when that one has ended, though it was approved before', () => {
    const session = run([{ stepId: 'a', approval }, { stepId: 'b' }, answer])
    const plan = planOf([{ stepId: 'a', approval, dependsOn: ['check'] }, { stepId: 'b' }, answer, check])
    session.decide('a', { action: 'modify', plan: { ...plan, answerStepId: 'answer' } })
    expect(session.dispatched()).toEqual(['b', 'check'])
    session.succeed('check')
    expect(session.dispatched()).toEqual(['b', 'check', 'a'])
  })

  it('is not tried again before', () => {
    const session = run([{ stepId: 'a' }, { stepId: 'b', approval }, answer])
    session.fail('a', true)
    session.decide('b', {
      action: 'modify',
      plan: planOf([{ stepId: 'a', dependsOn: ['b'] }, { stepId: 'b', approval }, answer]),
    })
    session.nowMs += 10_000
    session.send({ type: 'tick' })
    expect(session.dispatched()).toEqual(['a', 'b', 'b'])
    session.succeed('b')
    expect(session.dispatched()).toEqual(['a', 'b', 'b', 'a'])
  })
})

describe('a step that goes on after its approval', () => {
  it.each(['succeeds', 'fails', 'is rejected'])('is left alone when a sibling %s, and its result counts', (end) => {
    const session = run()
    session.decide('a', { action: 'approve' })
    const before = session.ref('a')
    if (end === 'is rejected') session.decide('b', { action: 'reject' })
    else session.decide('b', { action: 'approve' })
    if (end === 'succeeds') session.succeed('b')
    if (end === 'fails') session.fail('b')
    session.fail('c')
    expect([session.statusOf('a'), session.ref('a')]).toEqual(['dispatched', before])
    session.succeed('a', { text: 'paid' })
    session.succeed('answer')
    expect(session.turnStatus).toBe('completed')
    expect(session.state.turns[0]?.steps.a?.outcome?.output).toEqual({ text: 'paid' })
  })

  it('does not tell the pause again that it has left', () => {
    const session = run()
    session.succeed('c')
    session.decide('a', { action: 'approve' })
    session.decide('b', { action: 'approve' })
    expect(count(session, 'pause')).toBe(1)
    session.send({ type: 'activate' })
    session.send({ type: 'tick' })
    session.succeed('a')
    session.succeed('b')
    session.succeed('answer')
    expect(count(session, 'pause')).toBe(1)
    expect(session.eventTypes.filter((type) => type === 'approval.requested')).toHaveLength(2)
  })

  it('is asked about again when it falls back to another agent, also while the session is paused and its plan grows', () => {
    const onFailure = { action: 'fallback' as const, agent: 'second' }
    const session = run([{ stepId: 'a', approval, onFailure }, { stepId: 'b' }, { stepId: 'answer', dependsOn: ['a', 'b'] }])
    session.decide('a', { action: 'approve' })
    session.send({ type: 'pause' })
    session.fail('a')
    const { steps } = planOf([{ stepId: 'more' }])
    const outcome = { kind: 'succeeded' as const, output: {}, citations: [], confidence: 1, steps }
    session.send({ type: 'outcome', ...session.ref('b'), usage: [], outcome })
    session.send({ type: 'resume' })
    expect(session.statusOf('a')).toBe('awaiting_approval')
    expect(session.approvalOf('a')).toMatchObject({ agent: 'second', status: 'pending' })
  })

  it('is done by the next tick when the host did nothing of what the decision led to', () => {
    const session = run([{ stepId: 'answer', approval }])
    session.decide('answer', { action: 'approve' })
    session.commands.length = 0
    session.send({ type: 'tick' })
    expect(session.commands).toContainEqual({ type: 'dispatch', ...session.ref('answer') })
  })

  it('is sent out under the same idempotency key when its host dies between the work and its word', () => {
    const session = run([{ stepId: 'answer', approval }])
    session.decide('answer', { action: 'approve' })
    const sent = executeRequest(session.state, session.ref('answer'))
    session.send({ type: 'activate' })
    const again = executeRequest(session.state, session.ref('answer'))
    expect([sent?.idempotencyKey, again?.idempotencyKey]).toEqual(['s1/1/answer', 's1/1/answer'])
    expect(again?.body.attempt).toBe(2)
    expect(viewSession(session.state).turns[0]?.approvals).toMatchObject([{ status: 'approved' }])
  })
})

describe('what is asked about', () => {
  it.each<unknown>([null, 'drop everything', 42, [[]], { to: { nested: [null] } }, { constructor: 'x' }])(
    'may be arguments of any shape, here %j: they are shown as they are, and nothing is done',
    (args) => {
      const session = run([{ stepId: 'answer' }])
      session.ask('answer', args)
      expect(session.dispatched()).toEqual(['answer'])
      expect(session.turnStatus).toBe('awaiting_approval')
      expect(session.approvalOf('answer').args).toEqual(args)
    },
  )

  it('is done under the policy, the plan and the versions of its pause, whatever the files say by then', async () => {
    const asked = { assignees: ['ann', 'ben'], quorum: 2, onTimeout: 'reject' as const, escalation: [] }
    const policy: ApprovalPolicy = { name: 'payments', match: {}, isRequired: true, ...asked }
    const session = new DrivenSession()
    session.policies = [policy]
    session.agentVersions = { worker: '1' }
    session.run([{ stepId: 'answer', params: { amount: 5 } }])
    const store = JSON.parse(JSON.stringify({ head: toHead(session.state), parts: Object.fromEntries(partsOf(session.state)) }))
    const { state } = await fromHead(SessionHead.parse(store.head), async (key, schema) => schema.parse(store.parts[key]))
    session.state = state
    session.policies = []
    session.agentVersions = { worker: '2' }
    session.send({ type: 'activate' })
    expect(viewSession(session.state).turns[0]?.versions?.agents).toEqual({ worker: '1' })
    session.decide('answer', { action: 'approve' }, { id: 'ann' })
    expect(session.dispatched()).toEqual([])
    session.decide('answer', { action: 'approve' }, { id: 'ben' })
    expect(session.dispatched()).toEqual(['answer'])
    expect(session.approvalOf('answer')).toMatchObject({ policy: 'payments', args: { amount: 5 }, planVersion: 1 })
  })
})
