import { describe, expect, it } from '@jest/globals'
import type { ApprovalRule } from '@weft/contracts'
import { DrivenSession, planOf } from './testing.ts'

function asked(rule: Partial<ApprovalRule> = {}): DrivenSession {
  const session = new DrivenSession()
  session.run([
    { stepId: 'pay', params: { amount: 5, to: 'bob' }, approval: { reason: 'money leaves', ...rule } },
    { stepId: 'tell', dependsOn: ['pay'] },
    { stepId: 'answer', dependsOn: ['tell'] },
  ])
  return session
}

function refusal(act: () => unknown): unknown {
  try {
    act()
  } catch (thrown) {
    return thrown
  }
  throw new Error('it was not refused')
}

describe('one decision', () => {
  it('wins: the same again gets the first one, another is told who decided and when', () => {
    const session = asked()
    session.decide('pay', { action: 'approve' }, { id: 'ann' })
    const again = session.decide('pay', { action: 'approve' }, { id: 'ben' })
    expect(again.reply).toMatchObject({ kind: 'decided', isRepeat: true, approval: { decision: { by: 'ann' } } })
    expect(refusal(() => session.decide('pay', { action: 'reject' }, { id: 'ben' }))).toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/was approved by ann at 1970-/),
    })
    expect(session.dispatched()).toEqual(['pay'])
  })

  it('comes too late when the turn was cancelled, or never existed', () => {
    const session = asked()
    session.send({ type: 'cancel', turn: undefined })
    expect(refusal(() => session.decide('pay', { action: 'approve' }))).toMatchObject({ code: 'gone' })
    const unknown = { approvalId: 'appr_s1.9', action: 'approve' as const, by: { id: 'ann', roles: [], isAdmin: true } }
    expect(refusal(() => session.send({ type: 'decide', decision: unknown }))).toMatchObject({ code: 'not_found' })
  })

  it('is bound to what was shown', () => {
    const session = asked()
    const { hash } = session.approvalOf('pay')
    expect(refusal(() => session.decide('pay', { action: 'approve', hash: '0'.repeat(64) }))).toMatchObject({
      code: 'approval_outdated',
      details: { hash },
    })
    session.decide('pay', { action: 'approve', hash })
    expect(session.dispatched()).toEqual(['pay'])
  })

  it('is for those who are asked: by name, by role, or as an administrator', () => {
    const rule = { assignees: ['ann', 'role:finance'] }
    expect(refusal(() => asked(rule).decide('pay', { action: 'approve' }, { id: 'eve', roles: ['sales'] }))).toMatchObject({
      code: 'permission_denied',
    })
    for (const by of [{ id: 'ann' }, { id: 'cy', roles: ['finance'] }, { id: 'root', isAdmin: true }]) {
      const session = asked(rule)
      session.decide('pay', { action: 'approve' }, by)
      expect(session.dispatched()).toEqual(['pay'])
    }
  })
})

describe('a quorum', () => {
  it('needs that many approvers, each counted once', () => {
    const session = asked({ quorum: 2 })
    session.decide('pay', { action: 'approve' }, { id: 'ann' })
    expect(session.decide('pay', { action: 'approve' }, { id: 'ann' }).reply).toMatchObject({ isRepeat: true })
    expect(session.dispatched()).toEqual([])
    session.decide('pay', { action: 'approve' }, { id: 'ben' })
    expect(session.dispatched()).toEqual(['pay'])
  })

  it('is broken by one who rejects, but not by one who has approved', () => {
    const session = asked({ quorum: 3 })
    session.decide('pay', { action: 'approve' }, { id: 'ann' })
    expect(refusal(() => session.decide('pay', { action: 'reject' }, { id: 'ann' }))).toMatchObject({ code: 'conflict' })
    session.decide('pay', { action: 'reject' }, { id: 'ben' })
    expect(session.approvalOf('pay')).toMatchObject({ status: 'rejected', decision: { by: 'ben' } })
  })

  it('starts again at whoever modifies: the others approved something else', () => {
    const session = asked({ quorum: 2 })
    session.decide('pay', { action: 'approve' }, { id: 'ann' })
    session.decide('pay', { action: 'modify', params: { amount: 4, to: 'bob' } }, { id: 'ben' })
    expect(session.approvalOf('pay')).toMatchObject({ status: 'pending', votes: [{ by: 'ben' }], args: { amount: 4 } })
    session.decide('pay', { action: 'approve' }, { id: 'ann' })
    expect(session.approvalOf('pay')).toMatchObject({
      status: 'modified',
      decision: { changes: [{ path: 'steps.pay.params.amount', before: 5, after: 4 }] },
    })
    expect(session.dispatched()).toEqual(['pay'])
  })
})

describe('a seat', () => {
  it('that has voted is not given away: it would count twice', () => {
    const session = asked({ assignees: ['ann', 'ben'], quorum: 2 })
    session.decide('pay', { action: 'approve' }, { id: 'ann' })
    expect(refusal(() => session.decide('pay', { action: 'delegate', to: 'cy' }, { id: 'ann' }))).toMatchObject({
      code: 'conflict',
    })
  })
})

describe('whoever repeats what they said', () => {
  it('is told what came of it, also when others went on from there', () => {
    const session = asked({ quorum: 2 })
    const change = { action: 'modify' as const, params: { amount: 4, to: 'bob' }, hash: session.approvalOf('pay').hash }
    session.decide('pay', change, { id: 'ann' })
    expect(session.decide('pay', change, { id: 'ann' }).reply).toMatchObject({ isRepeat: true, approval: { status: 'pending' } })
    session.decide('pay', { action: 'approve' }, { id: 'ben' })
    expect(session.decide('pay', { action: 'approve' }, { id: 'ben' }).reply).toMatchObject({
      isRepeat: true,
      approval: { status: 'modified' },
    })
  })
})

describe('modifying', () => {
  it.each([1, 2])('is a decision of its own: who did it does not approve beside it, of %i who decide', (quorum) => {
    const session = asked({ quorum })
    const change = { action: 'modify' as const, params: { amount: 4, to: 'bob' } }
    session.decide('pay', change, { id: 'ann' })
    const refused = refusal(() => session.decide('pay', { action: 'approve' }, { id: 'ann' }))
    expect(refused).toMatchObject({ code: 'conflict', message: expect.stringMatching(/modif.* at /) })
    expect(session.decide('pay', change, { id: 'ann' }).reply).toMatchObject({ isRepeat: true })
    expect(session.approvalOf('pay').votes).toMatchObject([{ by: 'ann', decision: 'approve', isModification: true }])
  })

  it('the arguments runs the step with them, under the next version of the plan', () => {
    const session = asked()
    session.decide('pay', { action: 'modify', params: { amount: 1, to: 'bob' } })
    const [turn] = session.state.turns
    expect(turn?.planVersion).toBe(2)
    expect(turn?.plan?.steps[0]?.params).toEqual({ amount: 1, to: 'bob' })
    expect(session.dispatched()).toEqual(['pay'])
    expect(session.decide('pay', { action: 'modify', params: { amount: 1, to: 'bob' } }).reply).toMatchObject({ isRepeat: true })
  })

  it('to something else than was decided comes too late', () => {
    const session = asked()
    session.decide('pay', { action: 'modify', params: { amount: 1, to: 'bob' } })
    for (const other of [{ params: { amount: 900, to: 'eve' } }, { plan: planOf([{ stepId: 'answer' }]) }])
      expect(refusal(() => session.decide('pay', { action: 'modify', ...other }))).toMatchObject({
        code: 'conflict',
        details: { decision: { changes: [{ path: 'steps.pay.params.amount' }] } },
      })
  })

  it('the remaining plan adds, changes and leaves out steps that have not started', () => {
    const session = asked()
    const plan = planOf([
      { stepId: 'pay', params: { amount: 5, to: 'bob' }, approval: { reason: 'money leaves' } },
      { stepId: 'check', capability: 'verify', dependsOn: ['pay'] },
      { stepId: 'answer', dependsOn: ['check'] },
    ])
    session.decide('pay', { action: 'modify', plan })
    expect(session.decide('pay', { action: 'modify', plan }).reply).toMatchObject({ isRepeat: true })
    expect(session.approvalOf('pay').decision?.changes?.map((change) => change.path)).toEqual([
      'steps.tell',
      'steps.answer.dependsOn',
      'steps.check',
    ])
    session.succeed('pay')
    expect(session.statusOf('tell')).toBe('cancelled')
    session.succeed('check')
    session.succeed('answer')
    expect(session.turnStatus).toBe('completed')
  })

  it('a step that has started is refused, with the step named and nothing changed', () => {
    const session = new DrivenSession()
    session.run([
      { stepId: 'look', params: { at: 1 } },
      { stepId: 'pay', dependsOn: ['look'], approval: { reason: 'money leaves' } },
      { stepId: 'answer', dependsOn: ['pay'] },
    ])
    session.succeed('look')
    const before = session.state
    const plan = planOf([
      { stepId: 'look', params: { at: 2 } },
      { stepId: 'pay', dependsOn: ['look'], approval: { reason: 'money leaves' } },
      { stepId: 'answer', dependsOn: ['pay'] },
    ])
    expect(refusal(() => session.decide('pay', { action: 'modify', plan }))).toMatchObject({
      code: 'invalid_plan',
      param: 'plan.steps.look',
    })
    expect(session.state).toBe(before)
  })

  it('asks every other pending approver again, because the plan they saw is no longer the plan', () => {
    const session = new DrivenSession()
    const approval = { reason: 'ask', quorum: 2 }
    session.run([
      { stepId: 'a', approval },
      { stepId: 'b', approval },
      { stepId: 'answer', dependsOn: ['a', 'b'] },
    ])
    session.decide('b', { action: 'approve' }, { id: 'ann' })
    const shown = session.approvalOf('b').hash
    session.decide('a', { action: 'modify', params: { more: true } }, { id: 'ben' })
    expect(session.approvalOf('b')).toMatchObject({ status: 'pending', votes: [], planVersion: 2 })
    expect(refusal(() => session.decide('b', { action: 'approve', hash: shown }))).toMatchObject({ code: 'approval_outdated' })
  })

  it('a step that was approved and waits to be tried again has it asked about anew, but only when it would do something else', () => {
    const approval = { reason: 'money leaves' }
    const steps = [
      { stepId: 'pay', params: { amount: 5 }, approval: { ...approval, assignees: ['cfo'] } },
      { stepId: 'tell', approval },
      { stepId: 'answer', dependsOn: ['pay', 'tell'] },
    ]
    for (const [amount, status] of [
      [5, 'dispatched'],
      [500, 'awaiting_approval'],
    ] as const) {
      const session = new DrivenSession()
      session.run(steps)
      session.decide('pay', { action: 'approve' }, { id: 'cfo' })
      session.fail('pay', true)
      const changed = steps.map((step) => (step.stepId === 'pay' ? { ...step, params: { amount } } : step))
      session.decide('tell', {
        action: 'modify',
        plan: planOf([...changed.slice(0, 2), { stepId: 'more', capability: 'verify' }, ...changed.slice(2)]),
      })
      session.nowMs += 10_000
      session.send({ type: 'tick' })
      expect(session.statusOf('pay')).toBe(status)
    }
  })

  it('into nothing else is refused', () => {
    const same = { action: 'modify' as const, params: { to: 'bob', amount: 5 } }
    expect(refusal(() => asked().decide('pay', same))).toMatchObject({ code: 'invalid_request', param: 'params' })
  })

  it('the step away decides its approval and skips nothing else', () => {
    const session = asked()
    session.decide('pay', { action: 'modify', plan: planOf([{ stepId: 'answer' }]) })
    expect(session.approvalOf('pay').status).toBe('modified')
    expect(session.dispatched()).toEqual(['answer'])
    session.succeed('answer')
    expect(session.turnStatus).toBe('completed')
  })
})

describe('passing on', () => {
  it('gives the own seat to somebody else', () => {
    const session = asked({ assignees: ['ann', 'ben'], quorum: 2 })
    session.decide('pay', { action: 'delegate', to: 'cy' }, { id: 'ann' })
    expect(session.approvalOf('pay').assignees).toEqual(['ben', 'cy'])
    expect(refusal(() => session.decide('pay', { action: 'approve' }, { id: 'ann' }))).toMatchObject({
      code: 'permission_denied',
    })
    expect(refusal(() => session.decide('pay', { action: 'delegate', to: 'cy' }, { id: 'ben' }))).toMatchObject({
      code: 'invalid_request',
    })
  })

  it('says the same again to whoever sends it again, and passes nothing on a second time', () => {
    const session = asked({ assignees: ['ann', 'ben'] })
    const delegate = (by: string, to: string) => session.decide('pay', { action: 'delegate', to }, { id: by }).reply
    expect(delegate('ann', 'cy')).toMatchObject({ isRepeat: false })
    const told = session.events.length
    expect(delegate('ann', 'cy')).toMatchObject({ isRepeat: true, approval: { assignees: ['ben', 'cy'] } })
    expect(session.events).toHaveLength(told)
    expect(refusal(() => delegate('ann', 'dan'))).toMatchObject({ code: 'permission_denied' })
    delegate('cy', 'ann')
    expect(delegate('ann', 'cy')).toMatchObject({ isRepeat: false, approval: { assignees: ['ben', 'cy'] } })
    delegate('cy', 'eve')
    expect(delegate('ann', 'cy')).toMatchObject({ isRepeat: true, approval: { assignees: ['ben', 'eve'] } })
    session.decide('pay', { action: 'approve' }, { id: 'eve' })
    expect(delegate('ann', 'cy')).toMatchObject({ isRepeat: true, approval: { status: 'approved' } })
  })

  it('takes no other seat when an administrator who gave the own one away sends it again', () => {
    const session = asked({ assignees: ['ann', 'ben'], quorum: 2 })
    const delegate = (to: string) => session.decide('pay', { action: 'delegate', to }, { id: 'ann', isAdmin: true }).reply
    delegate('cy')
    expect(delegate('cy')).toMatchObject({ isRepeat: true, approval: { assignees: ['ben', 'cy'] } })
  })

  it('leaves a comment for the others, and decides nothing', () => {
    const session = asked()
    session.decide('pay', { action: 'comment', comment: 'who is bob?' })
    expect(session.approvalOf('pay')).toMatchObject({ status: 'pending', commentCount: 1 })
    expect(session.events.at(-1)).toMatchObject({ entry: { kind: 'commented', by: 'ann', comment: 'who is bob?' } })
  })
})
