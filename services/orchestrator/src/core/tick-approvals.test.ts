import { describe, expect, it } from '@jest/globals'
import { DrivenSession } from './testing.ts'
import { beatOf, nextWakeMs } from './tick-session.ts'

const timed = { reason: 'money leaves', timeoutMs: 60_000 }

function asked(): DrivenSession {
  const session = new DrivenSession()
  session.run([
    { stepId: 'pay', approval: timed },
    { stepId: 'answer', dependsOn: ['pay'] },
  ])
  return session
}

describe('time', () => {
  it('rejects what nobody decided before the deadline, which is the next wake', () => {
    const session = asked()
    expect(nextWakeMs(session.state, session.nowMs)).toBe(session.nowMs + 60_000)
    session.nowMs += 60_000
    session.send({ type: 'tick' })
    expect(session.approvalOf('pay')).toMatchObject({ status: 'expired', decision: { by: 'deadline' } })
    expect(session.statusOf('pay')).toBe('skipped')
  })

  it('lets the heartbeat sleep while nothing but a decision is waited for and everything is in the log', () => {
    const session = asked()
    expect(beatOf(session.state)).toBe('always')
    session.send({ type: 'flushed', upToSeq: session.state.lastSeq })
    expect(beatOf(session.state)).toEqual({ fromMs: session.nowMs + 60_000 })
    session.decide('pay', { action: 'approve' })
    expect(beatOf(session.state)).toBe('always')
  })

  it('decides even when no tick came: a late approval is gone', () => {
    const session = asked()
    session.nowMs += 60_000
    expect(() => session.decide('pay', { action: 'approve' })).toThrow(expect.objectContaining({ code: 'gone' }))
    expect(session.dispatched()).toEqual([])
  })

  it('reminds once before the deadline, then asks the next rung of the ladder afresh, and rejects at its end', () => {
    const session = new DrivenSession()
    session.policies = [
      {
        name: 'payments',
        match: { capability: 'wo*' },
        isRequired: true,
        assignees: ['ann'],
        quorum: 1,
        timeoutMs: 60_000,
        remindBeforeMs: 10_000,
        onTimeout: 'escalate',
        escalation: [{ assignees: ['role:lead'], quorum: 2, timeoutMs: 30_000 }],
      },
    ]
    session.run([{ stepId: 'answer' }])
    expect(session.approvalOf('answer')).toMatchObject({ policy: 'payments', assignees: ['ann'] })
    session.nowMs += 50_000
    session.send({ type: 'tick' })
    session.send({ type: 'tick' })
    expect(session.events.filter((event) => isEntry(event, 'reminded'))).toHaveLength(1)
    session.nowMs += 10_000
    session.send({ type: 'tick' })
    expect(session.approvalOf('answer')).toMatchObject({
      assignees: ['role:lead'],
      quorum: 2,
      escalationLevel: 1,
      status: 'pending',
    })
    session.nowMs += 30_000
    session.send({ type: 'tick' })
    expect(session.approvalOf('answer').status).toBe('expired')
    expect(session.turnStatus).toBe('failed')
  })

  it('of a snooze hides the approval only, and never beyond its deadline', () => {
    const session = asked()
    session.decide('pay', { action: 'snooze', untilMs: session.nowMs + 30_000 })
    expect(session.approvalOf('pay')).toMatchObject({ status: 'pending', snoozedUntil: expect.any(String) })
    expect(() => session.decide('pay', { action: 'snooze', untilMs: session.nowMs + 90_000 })).toThrow('not after the deadline')
  })
})

function isEntry(event: Record<string, unknown>, kind: string): boolean {
  const { entry } = event
  return typeof entry === 'object' && entry !== null && 'kind' in entry && entry.kind === kind
}
