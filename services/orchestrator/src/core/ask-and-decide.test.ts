import { describe, expect, it } from '@jest/globals'
import type { ApprovalRule, WorkflowPlan, WorkflowStep } from '@weft/contracts'
import { DrivenSession, planOf } from './testing.ts'

const rule: ApprovalRule = { reason: 'money leaves' }

/** Evidence, then a step that is asked about, then the answer. */
function paying(more: Partial<WorkflowStep> = {}): Partial<WorkflowStep>[] {
  return [
    { stepId: 'look' },
    { stepId: 'pay', dependsOn: ['look'], params: { amount: 5 }, approval: rule, ...more },
    { stepId: 'answer', dependsOn: ['pay'] },
  ]
}

function askedToPay(more: Partial<WorkflowStep> = {}): DrivenSession {
  const session = new DrivenSession()
  session.run(paying(more))
  session.succeed('look')
  return session
}

describe('an approval before a step', () => {
  it('holds the step back, tells who follows the turn, and lets it run once approved', () => {
    const session = askedToPay()
    expect(session.dispatched()).toEqual(['look'])
    expect(session.statusOf('pay')).toBe('awaiting_approval')
    expect(session.turnStatus).toBe('awaiting_approval')
    expect(session.commands.at(-1)).toEqual({ type: 'pause', turn: 1 })
    expect(session.events.at(-1)).toMatchObject({ type: 'approval.requested', turnStatus: 'awaiting_approval' })
    session.decide('pay', { action: 'approve', comment: 'fine' })
    expect(session.dispatched()).toEqual(['look', 'pay'])
    expect(session.turnStatus).toBe('running')
    session.succeed('pay')
    session.succeed('answer')
    expect(session.turnStatus).toBe('completed')
  })

  it('shows what is asked, on what ground, who waits for it, and a decision as sure as its evidence', () => {
    expect(askedToPay().approvalOf('pay')).toMatchObject({
      status: 'pending',
      kind: 'step',
      action: 'worker: work',
      args: { amount: 5 },
      reason: 'money leaves',
      impact: 'answer waits for it',
      risk: 'medium',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      suggestion: { decision: 'approve', confidence: 1 },
      context: { question: 'why is the sky blue?', dependencies: [{ stepId: 'look', status: 'succeeded', excerpt: 'look' }] },
    })
  })

  it('tells what its turn has cost so far, lost attempts included, and what is left of its plan’s estimate', () => {
    const costUsd = { low: 0, expected: 1, high: 2 }
    const estimate = { costUsd, durationMs: { low: 1, expected: 1, high: 1 } }
    const spent = (usd: number) => [{ model: 'm', inputTokens: 1, outputTokens: 1, costUsd: usd, measured: true }]
    const costsWith = (plan: WorkflowPlan, lostUsd: number, doneUsd: number) => {
      const session = new DrivenSession()
      session.submit({ options: { plan } })
      session.fail('look', true, spent(lostUsd))
      session.nowMs += 10_000
      session.send({ type: 'tick' })
      session.succeed('look', 'seen', spent(doneUsd))
      return session.approvalOf('pay').costUsd
    }
    const plan = planOf(paying())
    expect(costsWith({ ...plan, estimate }, 0.25, 0.5)).toEqual({ soFar: 0.75, ahead: 0.25 })
    expect(costsWith({ ...plan, estimate }, 0.5, 1)).toEqual({ soFar: 1.5, ahead: 0 })
    expect(costsWith(plan, 0.25, 0.5)).toEqual({ soFar: 0.75 })
  })

  it('is asked again by no retry of the same attempt, but by a fallback agent, who is somebody else', () => {
    const session = askedToPay({ onFailure: { action: 'fallback', agent: 'other', maxAttempts: 2 } })
    session.decide('pay', { action: 'approve' })
    session.fail('pay', true)
    session.nowMs += 10_000
    session.send({ type: 'tick' })
    expect(session.dispatched()).toEqual(['look', 'pay', 'pay'])
    session.fail('pay', true)
    expect(session.statusOf('pay')).toBe('awaiting_approval')
    expect(session.approvalOf('pay')).toMatchObject({ status: 'pending', agent: 'other' })
  })

  it('leaves a rejected evidence step out, and the answer says who rejected it', () => {
    const session = askedToPay()
    session.decide('pay', { action: 'reject', comment: 'too much' })
    expect(session.statusOf('pay')).toBe('skipped')
    session.succeed('answer')
    expect(session.state.turns[0]?.answer?.degraded).toEqual(['step_skipped:pay'])
    expect(session.state.turns[0]?.steps.pay?.problem?.message).toBe('step "pay" was rejected by ann: too much')
  })

  it('ends the turn when the answer step itself is rejected, naming the approval', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer', approval: rule }])
    const { id } = session.approvalOf('answer')
    session.decide('answer', { action: 'reject' })
    expect(session.turnStatus).toBe('failed')
    expect(session.state.turns[0]?.answer?.problem).toMatchObject({ code: 'conflict', details: { approvalId: id } })
  })

  it('of a crash in between stays as it was: nothing is asked twice and nothing runs unasked', () => {
    const session = askedToPay()
    const { id } = session.approvalOf('pay')
    session.send({ type: 'activate' })
    session.send({ type: 'tick' })
    expect(session.approvalOf('pay').id).toBe(id)
    expect(session.dispatched()).toEqual(['look'])
  })
})

describe('several approvals at once', () => {
  const parallel: Partial<WorkflowStep>[] = [
    { stepId: 'a', approval: rule },
    { stepId: 'b', approval: rule },
    { stepId: 'c' },
    { stepId: 'answer', dependsOn: ['a', 'b', 'c'] },
  ]

  it('are decided each on its own: one decision resumes one step, finished siblings stay finished', () => {
    const session = new DrivenSession()
    session.run(parallel)
    expect(session.turnStatus).toBe('running')
    session.succeed('c')
    expect(session.turnStatus).toBe('awaiting_approval')
    session.decide('a', { action: 'approve' })
    expect(session.dispatched()).toEqual(['c', 'a'])
    expect(session.approvalOf('b').status).toBe('pending')
    session.succeed('a')
    expect(['a', 'b', 'c'].map((stepId) => session.statusOf(stepId))).toEqual(['succeeded', 'awaiting_approval', 'succeeded'])
    expect(session.turnStatus).toBe('awaiting_approval')
    session.decide('b', { action: 'approve' })
    session.succeed('b')
    session.succeed('answer')
    expect(session.turnStatus).toBe('completed')
  })

  it('of which one is rejected leave the others to their approvers, unless the step says that its failure fails the turn', () => {
    const tolerant = new DrivenSession()
    tolerant.run(parallel)
    tolerant.decide('a', { action: 'reject' })
    expect(tolerant.approvalOf('b').status).toBe('pending')
    const strict = new DrivenSession()
    strict.run(parallel.map((step) => (step.stepId === 'a' ? { ...step, onFailure: { action: 'fail' } } : step)))
    strict.decide('a', { action: 'reject' })
    expect(strict.turnStatus).toBe('failed')
    expect(strict.approvalOf('b')).toMatchObject({ status: 'cancelled', decision: { by: 'session' } })
  })

  it('in sequence are asked one after the other, and the second pause is told like the first', () => {
    const session = new DrivenSession()
    session.run([
      { stepId: 'a', approval: rule },
      { stepId: 'answer', dependsOn: ['a'], approval: rule },
    ])
    session.decide('a', { action: 'approve' })
    session.succeed('a')
    expect(session.commands.filter((command) => command.type === 'pause')).toHaveLength(2)
    session.decide('answer', { action: 'approve' })
    session.succeed('answer')
    expect(session.turnStatus).toBe('completed')
  })
})

describe('an agent that asks in the middle of its step', () => {
  it('is asked again after the decision, with it, and keeps its checkpoint', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer' }])
    session.send({ type: 'checkpoint', ...session.ref('answer'), state: { at: 3 } })
    session.ask('answer')
    expect(session.approvalOf('answer')).toMatchObject({ kind: 'agent', action: 'pay', args: { amount: 1 } })
    session.decide('answer', { action: 'approve', comment: 'go' })
    const [first] = session.state.turns[0]?.steps.answer?.decisions ?? []
    expect(first).toMatchObject({ decision: 'approve', by: 'ann', comment: 'go', args: { amount: 1 } })
    expect(session.state.turns[0]?.steps.answer?.checkpoint).toEqual({ at: 3 })
    session.succeed('answer')
    expect(session.turnStatus).toBe('completed')
  })

  it('may ask in a loop, each time anew, without using up its attempts', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer', onFailure: { action: 'retry', maxAttempts: 2 } }])
    for (let round = 1; round <= 5; round += 1) {
      session.ask('answer', { round })
      session.decide('answer', { action: 'approve' })
    }
    session.fail('answer', true)
    expect(session.statusOf('answer')).toBe('ready')
  })

  it('is told no, and fails when it asks for the very same again', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer' }])
    session.ask('answer')
    session.decide('answer', { action: 'reject', comment: 'never' })
    expect(session.statusOf('answer')).toBe('dispatched')
    session.ask('answer')
    expect(session.turnStatus).toBe('failed')
    expect(session.state.turns[0]?.answer?.problem?.message).toContain('asked again for what was rejected')
  })

  it('gets the arguments an approver put in the place of its own', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer' }])
    session.ask('answer', { amount: 100, to: 'bob' })
    const shown = session.approvalOf('answer').hash
    session.decide('answer', { action: 'modify', params: { amount: 10, to: 'bob' } })
    const decided = session.approvalOf('answer')
    expect(decided).toMatchObject({
      status: 'modified',
      decision: { changes: [{ path: 'args.amount', before: 100, after: 10 }] },
    })
    expect(decided.hash).not.toBe(shown)
    expect(session.state.turns[0]?.steps.answer?.decisions[0]?.args).toEqual({ amount: 10, to: 'bob' })
  })
})

describe('a failure that asks', () => {
  it('tries again when approved, and gives up when rejected', () => {
    const session = askedToPay({ approval: undefined, onFailure: { action: 'ask', maxAttempts: 1 } })
    session.fail('pay', true)
    expect(session.approvalOf('pay')).toMatchObject({ kind: 'failure', reason: 'pay broke', action: 'try work again' })
    session.decide('pay', { action: 'approve' })
    expect(session.dispatched()).toEqual(['look', 'pay', 'pay'])
    session.fail('pay', true)
    session.decide('pay', { action: 'reject' })
    expect(session.statusOf('pay')).toBe('skipped')
  })

  it('asks about an attempt of a step that must not happen twice and may have happened', () => {
    const session = askedToPay({ approval: undefined, idempotent: false, onFailure: { action: 'ask' } })
    session.send({ type: 'sending', ...session.ref('pay') })
    session.send({ type: 'activate' })
    expect(session.approvalOf('pay').reason).toContain('may have happened')
    expect(session.dispatched()).toEqual(['look', 'pay'])
  })

  it('never repeats such a step silently when its answer was lost', () => {
    const session = askedToPay({ approval: undefined, idempotent: false })
    const problem = { code: 'upstream_error' as const, message: 'the connection was lost', isRetryable: true }
    session.send({
      type: 'outcome',
      ...session.ref('pay'),
      usage: [],
      outcome: { kind: 'failed', problem, mayHaveHappened: true },
    })
    session.nowMs += 60_000
    session.send({ type: 'tick' })
    expect(session.dispatched().filter((stepId) => stepId === 'pay')).toHaveLength(1)
    expect(session.statusOf('pay')).toBe('skipped')
  })
})
