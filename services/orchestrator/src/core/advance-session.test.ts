import { describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { retryDelayMs } from './retry-delay.ts'
import { sessionLimits } from './session-limits.ts'
import { DrivenSession, planOf } from './testing.ts'
import { beatOf, nextWakeMs } from './tick-session.ts'

describe('a turn', () => {
  it('is planned, runs its steps in the order of their dependencies and answers with the answer step', () => {
    const session = new DrivenSession()
    session.submit()
    expect(session.commands).toEqual([{ type: 'plan', turn: 1, planAttempt: 1 }])
    const plan = planOf([{ stepId: 'retrieve' }, { stepId: 'answer', dependsOn: ['retrieve'] }])
    session.send({ type: 'planned', turn: 1, planAttempt: 1, result: { kind: 'plan', plan } })
    expect(session.dispatched()).toEqual(['retrieve'])
    session.succeed('retrieve', { passages: [] })
    expect(session.dispatched()).toEqual(['retrieve', 'answer'])
    session.succeed('answer', { text: 'Rayleigh scattering.' })
    expect(session.turnStatus).toBe('completed')
    expect(session.state.turns[0]?.answer?.text).toBe('Rayleigh scattering.')
    expect(session.eventTypes).toEqual([
      'turn.accepted',
      'plan.ready',
      'step.dispatched',
      'step.succeeded',
      'step.dispatched',
      'step.succeeded',
      'turn.completed',
    ])
  })

  it('numbers its events from 1 without gaps', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'a' }, { stepId: 'answer', dependsOn: ['a'] }])
    session.succeed('a')
    session.succeed('answer')
    const seqs = session.state.outbox.flatMap((batch) => batch.events.map((event) => event.seq))
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
  })

  it('dispatches steps that do not depend on each other at once', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'a' }, { stepId: 'b' }, { stepId: 'answer', dependsOn: ['a', 'b'] }])
    expect(session.dispatched()).toEqual(['a', 'b'])
  })

  it('fails with what is wrong with the plan when its answer step does not run', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'a' }, { stepId: 'answer', dependsOn: ['a'], when: { step: 'a', status: 'failed' } }])
    session.succeed('a')
    expect(session.turnStatus).toBe('failed')
    expect(session.state.turns[0]?.answer?.problem).toMatchObject({
      code: 'unprocessable_content',
      message: expect.stringContaining('answer step "answer" was skipped'),
    })
  })

  it('waits its place behind an unfinished turn, and then starts', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer' }])
    session.submit({ requestId: 'req_2' })
    expect(session.commands.filter((command) => command.type === 'plan')).toEqual([])
    session.send({
      type: 'outcome',
      turn: 1,
      stepId: 'answer',
      epoch: 1,
      attempt: 1,
      usage: [],
      outcome: { kind: 'succeeded', output: { text: 'one' }, citations: [], confidence: 1 },
    })
    expect(session.commands.at(-1)).toEqual({ type: 'plan', turn: 2, planAttempt: 1 })
  })

  it('is refused when too many turns of the session are unfinished', () => {
    const session = new DrivenSession()
    for (let count = 0; count <= sessionLimits.turnsQueuedMax; count += 1) session.submit({ requestId: `req_${count}` })
    expect(() => session.submit()).toThrow(WeftError)
    expect(session.state.lastTurn).toBe(sessionLimits.turnsQueuedMax + 1)
  })

  it('is refused when another request takes the same idempotency key', () => {
    const session = new DrivenSession()
    session.submit({ idempotencyKey: 'k', requestHash: 'a' })
    expect(session.submit({ idempotencyKey: 'k', requestHash: 'a' }).reply).toMatchObject({ isRepeat: true })
    expect(() => session.submit({ idempotencyKey: 'k', requestHash: 'b' })).toThrow(expect.objectContaining({ code: 'conflict' }))
  })

  it('repeated under the same idempotency key is the same turn', () => {
    const session = new DrivenSession()
    expect(session.submit({ idempotencyKey: 'k' }).reply).toMatchObject({ turn: 1, isRepeat: false })
    expect(session.submit({ idempotencyKey: 'k', replyTopic: 'gateway.2' }).reply).toMatchObject({ turn: 1, isRepeat: true })
    expect(session.state.turns).toHaveLength(1)
    expect(session.state.turns[0]?.replyTopics).toEqual(['gateway.2'])
  })

  it('remembers what was said before, unless the client sends the conversation itself', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer' }])
    session.succeed('answer', { text: 'scattering' })
    session.submit({ messages: [{ role: 'user', content: 'and at dusk?' }] })
    expect(session.state.turns[1]?.request.messages.map((message) => message.content)).toEqual([
      'why is the sky blue?',
      'scattering',
      'and at dusk?',
    ])
    const own = new DrivenSession()
    own.run([{ stepId: 'answer' }])
    own.succeed('answer', { text: 'scattering' })
    own.submit({
      messages: [
        { role: 'assistant', content: 'x' },
        { role: 'user', content: 'y' },
      ],
    })
    expect(own.state.turns[1]?.request.messages).toHaveLength(2)
  })
})

describe('planning', () => {
  it('is tried again after a delay while the planner is away, and fails the turn when it refuses', () => {
    const session = new DrivenSession()
    session.submit()
    const away = {
      kind: 'problem' as const,
      problem: { code: 'dependency_unavailable' as const, message: 'planner down', isRetryable: true },
    }
    session.send({ type: 'planned', turn: 1, planAttempt: 1, result: away })
    expect(nextWakeMs(session.state, session.nowMs)).toBe(session.nowMs + retryDelayMs(1))
    session.nowMs += retryDelayMs(1)
    session.send({ type: 'tick' })
    expect(session.commands.at(-1)).toEqual({ type: 'plan', turn: 1, planAttempt: 2 })
    const refusal = { kind: 'problem' as const, problem: { code: 'invalid_plan' as const, message: 'no', isRetryable: false } }
    session.send({ type: 'planned', turn: 1, planAttempt: 2, result: refusal })
    expect(session.turnStatus).toBe('failed')
  })

  it('may answer with a question instead of a plan', () => {
    const session = new DrivenSession()
    session.submit()
    session.send({
      type: 'planned',
      turn: 1,
      planAttempt: 1,
      result: { kind: 'message', text: 'Which one?', degraded: ['clarification'] },
    })
    expect(session.turnStatus).toBe('completed')
    expect(session.state.turns[0]?.answer?.text).toBe('Which one?')
  })
})

describe('a failed attempt', () => {
  it('is retried after a delay that doubles, while it is retryable and attempts are left', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer', onFailure: { action: 'fail', maxAttempts: 2 } }])
    session.fail('answer', true)
    expect(session.statusOf('answer')).toBe('ready')
    session.send({ type: 'tick' })
    expect(session.dispatched()).toEqual(['answer'])
    session.nowMs += retryDelayMs(1)
    session.send({ type: 'tick' })
    expect(session.dispatched()).toEqual(['answer', 'answer'])
    session.fail('answer', true)
    expect(session.turnStatus).toBe('failed')
  })

  it('leaves an evidence step out by default, and the answer says so', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'evidence' }, { stepId: 'answer', dependsOn: ['evidence'] }])
    session.fail('evidence')
    expect(session.dispatched()).toEqual(['evidence', 'answer'])
    session.succeed('answer')
    expect(session.state.turns[0]?.answer?.degraded).toEqual(['step_skipped:evidence'])
  })

  it('goes to the fallback agent', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer', onFailure: { action: 'fallback', agent: 'second' } }])
    session.fail('answer')
    expect(session.state.turns[0]?.steps.answer).toMatchObject({ status: 'dispatched', agent: 'second', attempt: 2 })
  })

  it('of a step declared "fail" ends the turn and cancels its siblings', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'a', onFailure: { action: 'fail' } }, { stepId: 'b' }, { stepId: 'answer', dependsOn: ['a', 'b'] }])
    session.fail('a')
    expect(session.turnStatus).toBe('failed')
    expect(session.statusOf('b')).toBe('cancelled')
    expect(session.commands).toContainEqual({ type: 'abort', turn: 1, stepId: 'b', epoch: 1, attempt: 1 })
  })
})

describe('joins and conditions', () => {
  it('"any" starts with the first success; "atLeast" is skipped once it cannot be reached', () => {
    const session = new DrivenSession()
    session.run([
      { stepId: 'a', onFailure: { action: 'skip' } },
      { stepId: 'b', onFailure: { action: 'skip' } },
      { stepId: 'any', dependsOn: ['a', 'b'], join: 'any' },
      { stepId: 'both', dependsOn: ['a', 'b'], join: { atLeast: 2 } },
      { stepId: 'answer', dependsOn: ['any', 'both'] },
    ])
    session.succeed('a')
    expect(session.statusOf('any')).toBe('dispatched')
    session.fail('b')
    expect(session.statusOf('both')).toBe('skipped')
  })

  it('skips a step whose condition does not hold on a dependency’s output', () => {
    const session = new DrivenSession()
    session.run([
      { stepId: 'score' },
      { stepId: 'escalate', dependsOn: ['score'], when: { step: 'score', path: 'value', below: 0.5 } },
      { stepId: 'answer', dependsOn: ['escalate'] },
    ])
    session.succeed('score', { value: 0.9 })
    expect(session.statusOf('escalate')).toBe('skipped')
    expect(session.statusOf('answer')).toBe('dispatched')
  })
})

describe('fencing', () => {
  it('ignores a result of an earlier attempt, a repeated one, and one of an earlier epoch', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'a' }, { stepId: 'answer', dependsOn: ['a'] }])
    const first = session.ref('a')
    session.send({ type: 'activate' })
    const before = session.state
    session.send({
      type: 'outcome',
      ...first,
      usage: [],
      outcome: { kind: 'succeeded', output: 'late', citations: [], confidence: 1 },
    })
    expect(session.state).toBe(before)
    session.succeed('a')
    const after = session.state
    session.send({
      type: 'outcome',
      ...first,
      usage: [],
      outcome: { kind: 'succeeded', output: 'again', citations: [], confidence: 1 },
    })
    expect(session.state).toBe(after)
  })

  it('dispatches running steps again under a new epoch, but never one that is not idempotent', () => {
    const session = new DrivenSession()
    session.run([
      { stepId: 'charge', idempotent: false, onFailure: { action: 'skip' } },
      { stepId: 'look' },
      { stepId: 'answer', dependsOn: ['charge', 'look'] },
    ])
    session.send({ type: 'sending', ...session.ref('charge') })
    session.send({ type: 'activate' })
    expect(session.state.turns[0]?.steps.look).toMatchObject({ status: 'dispatched', attempt: 2, epoch: 2 })
    expect(session.statusOf('charge')).toBe('skipped')
  })

  it('a tick asks again for what should be running, without changing anything', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer' }])
    const before = session.state.turns
    session.send({ type: 'tick' })
    expect(session.state.turns).toEqual(before)
    expect(session.commands.at(-1)).toEqual({ type: 'dispatch', ...session.ref('answer') })
  })
})

describe('cancel', () => {
  it('ends every unfinished turn once, and twice is harmless', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer' }])
    session.submit({ requestId: 'req_2' })
    session.send({ type: 'cancel', turn: undefined })
    expect(session.state.turns.map((turn) => turn.status)).toEqual(['cancelled', 'cancelled'])
    const before = session.state
    session.send({ type: 'cancel', turn: undefined })
    expect(session.state).toBe(before)
  })
})

describe('rest', () => {
  it('comes only when all turns ended and every event is in the log', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer' }])
    session.succeed('answer')
    expect(beatOf(session.state)).toBe('always')
    session.send({ type: 'flushed', upToSeq: session.state.lastSeq })
    expect(beatOf(session.state)).toBe('never')
  })
})
