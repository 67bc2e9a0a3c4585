import { describe, expect, it } from '@jest/globals'
import { childAgent, type SubmitTurn, type WorkflowStep } from '@weft/contracts'
import { childRequest } from './child-session.ts'
import { executeRequest } from './execute-request.ts'
import { viewSession } from './session-view.ts'
import { DrivenSession, planOf } from './testing.ts'
import { beatOf, nextWakeMs } from './tick-session.ts'

const nested = planOf([{ stepId: 'pay', approval: { reason: 'money leaves' }, params: { amount: 5 } }])

function opening(params: WorkflowStep['params'] = { input: 'Pay the bill.', plan: nested }): DrivenSession {
  const session = new DrivenSession()
  session.run([
    { stepId: 'sub', ...childAgent, params },
    { stepId: 'answer', dependsOn: ['sub'] },
  ])
  return session
}

function requestOf(session: DrivenSession, stepId = 'sub'): SubmitTurn {
  const asked = childRequest(session.state, session.ref(stepId))
  if (asked === undefined || 'problem' in asked) throw new Error(`no child: ${asked?.problem.message}`)
  return asked.request
}

/** A child hosted beside its parent, whose words reach it by hand. */
function childOf(parent: DrivenSession, laterMs = 0): DrivenSession {
  const child = new DrivenSession()
  child.nowMs = parent.nowMs + laterMs
  const request = requestOf(parent)
  child.state = { ...child.state, sessionId: request.sessionId }
  child.send({ type: 'submit', request })
  return child
}

function tell(parent: DrivenSession, child: DrivenSession, stepId = 'sub'): void {
  const [turn] = viewSession(child.state).turns
  if (turn === undefined) throw new RangeError('the child has no turn')
  const { status, approvals, answer } = turn
  parent.send({
    type: 'child',
    ...parent.ref(stepId),
    sessionId: child.state.sessionId,
    told: { status, approvals, answer, seq: child.state.lastSeq },
  })
}

describe('a step that is a session', () => {
  it('is asked with its own plan, and its answer is the output of the step', () => {
    const parent = opening()
    expect(parent.commands.at(-1)).toMatchObject({ type: 'visit', stepId: 'sub' })
    const child = childOf(parent)
    child.decide('pay', { action: 'approve' })
    child.succeed('pay', { text: 'Paid.' })
    tell(parent, child)
    expect(parent.state.turns[0]?.steps.sub).toMatchObject({ status: 'succeeded', outcome: { output: { text: 'Paid.' } } })
    parent.succeed('answer')
    expect(parent.turnStatus).toBe('completed')
  })

  it('surfaces what its session asks, as it is asked there, at the session a client began', () => {
    const parent = opening()
    const waitOf = () => viewSession(parent.state).turns[0]?.steps.find(({ stepId }) => stepId === 'sub')?.waitingFor
    const child = childOf(parent)
    expect(waitOf()).toMatchObject({
      cause: 'the session is working',
      owner: child.state.sessionId,
      deadline: expect.any(String),
    })
    expect(child.commands).toContainEqual({ type: 'call', errand: expect.objectContaining({ to: 'parent', turn: 1 }) })
    tell(parent, child)
    expect(parent.turnStatus).toBe('awaiting_approval')
    const [approval] = viewSession(parent.state).turns[0]?.approvals ?? []
    expect(approval).toMatchObject({
      action: 'worker: work',
      args: { amount: 5 },
      sessionId: child.state.sessionId,
      rootSessionId: 's1',
    })
    const cause = expect.stringContaining(`approval ${approval?.id} in session ${child.state.sessionId}: `)
    expect(waitOf()).toMatchObject({ cause, owner: 'every key with the scope approve', deadline: approval?.deadline })
    child.decide('pay', { action: 'approve' })
    tell(parent, child)
    expect(parent.turnStatus).toBe('running')
    expect(viewSession(parent.state).turns[0]?.approvals).toBeUndefined()
  })

  it('is the same session however often it is opened, also after a crash', () => {
    const parent = opening()
    const first = requestOf(parent)
    parent.send({ type: 'activate' })
    const again = requestOf(parent)
    expect(again.sessionId).toBe(first.sessionId)
    expect(again.idempotencyKey).toBe(first.idempotencyKey)
  })

  it('waits in line at an agent since when the client’s turn was accepted, however deep and late it was opened', () => {
    const inner = planOf([{ stepId: 'sub', ...childAgent, params: { input: 'Go on.', plan: planOf([{ stepId: 'do' }]) } }])
    const root = opening({ input: 'Go on.', plan: inner })
    const child = childOf(childOf(root, 60_000), 60_000)
    expect(executeRequest(child.state, child.ref('do'))?.rootAcceptedAtMs).toBe(root.state.turns[0]?.acceptedAtMs)
  })

  it('is given up like any other step when its session fails', () => {
    const parent = opening()
    const child = childOf(parent)
    child.decide('pay', { action: 'reject', comment: 'no' })
    tell(parent, child)
    expect(parent.statusOf('sub')).toBe('skipped')
    expect(parent.state.turns[0]?.steps.sub?.problem?.message).toContain('step "pay" was rejected by ann: no')
  })

  it('ends, pauses and goes with its parent', () => {
    const parent = opening()
    const { sessionId } = requestOf(parent)
    parent.send({ type: 'pause' })
    parent.send({ type: 'resume' })
    parent.send({ type: 'cancel', turn: undefined })
    parent.send({ type: 'delete' })
    const calls = parent.commands.flatMap((command) => (command.type === 'call' ? [command.errand] : []))
    expect(calls).toEqual(
      ['pause', 'resume', 'cancel', 'delete'].map((method) => ({ to: 'child', sessionId, method, seq: expect.any(Number) })),
    )
  })

  it('is called again until it is known that it was reached, and only with the latest call', () => {
    const parent = opening()
    parent.send({ type: 'pause' })
    const [pause] = parent.state.errands
    parent.send({ type: 'resume' })
    const [resume] = parent.state.errands
    if (pause === undefined || resume === undefined) throw new RangeError('nobody was called')
    parent.send({ type: 'arrived', errand: pause, isWanted: true })
    parent.send({ type: 'tick' })
    parent.send({ type: 'activate' })
    const calls = parent.commands.flatMap((command) => (command.type === 'call' ? [command.errand] : []))
    expect(calls).toEqual([pause, resume, resume, resume])
    parent.send({ type: 'arrived', errand: resume, isWanted: true })
    expect(parent.state.errands).toEqual([])
  })

  it('goes before what is left of its deleted parent does, also when it was opened too late', () => {
    const parent = opening()
    const { sessionId } = requestOf(parent)
    parent.send({ type: 'delete' })
    expect(parent.commands).not.toContainEqual({ type: 'erase' })
    const [errand] = parent.state.errands
    if (errand === undefined) throw new RangeError('the child was not called')
    parent.send({ type: 'arrived', errand, isWanted: false })
    expect(parent.commands.at(-1)).toEqual({ type: 'erase' })
    const told = { status: 'running' as const, seq: 1 }
    parent.send({ type: 'child', turn: 1, stepId: 'sub', epoch: 1, attempt: 1, sessionId, told })
    expect(parent.commands.at(-1)).toMatchObject({ type: 'call', errand: { to: 'child', sessionId, method: 'delete' } })
  })

  it('that refuses what it is asked has its step given up', () => {
    const parent = opening()
    const { sessionId } = requestOf(parent)
    const told = { code: 'gone' as const, message: `session ${sessionId} was deleted`, isRetryable: false }
    parent.send({ type: 'child', ...parent.ref('sub'), sessionId, told })
    expect(parent.state.turns[0]?.steps.sub).toMatchObject({ status: 'skipped', problem: told })
  })

  it('that failed leaves its step to the agent it falls back to', () => {
    const parent = new DrivenSession()
    const onFailure = { action: 'fallback' as const, agent: 'second' }
    parent.run([{ stepId: 'sub', ...childAgent, params: { input: 'Go.' }, onFailure }])
    const { sessionId } = requestOf(parent)
    parent.send({ type: 'child', ...parent.ref('sub'), sessionId, told: { status: 'failed', seq: 9 } })
    parent.send({ type: 'tick' })
    expect(parent.commands.at(-1)).toEqual({ type: 'dispatch', ...parent.ref('sub') })
    expect(parent.state.turns[0]?.steps.sub?.child).toBeUndefined()
  })

  it('is not paused by what was sent before it was resumed and comes after', () => {
    const child = childOf(opening())
    child.send({ type: 'pause', seq: 4 })
    child.send({ type: 'resume', seq: 7 })
    child.send({ type: 'pause', seq: 4 })
    expect(child.state.isPaused).toBe(false)
    child.send({ type: 'pause' })
    expect(child.state.isPaused).toBe(true)
    child.send({ type: 'resume', seq: 7 })
    expect(child.state.isPaused).toBe(false)
  })

  it('that was opened late, when nobody wants it any more, is not left paused', () => {
    const child = childOf(opening())
    child.send({ type: 'pause', seq: 4 })
    const [asking] = child.state.errands
    if (asking === undefined) throw new RangeError('the parent was not asked')
    child.send({ type: 'arrived', errand: asking, isWanted: false })
    expect(child.turnStatus).toBe('cancelled')
    expect(child.state).toMatchObject({ isPaused: false, errands: [{ to: 'parent' }] })
  })

  it('that nobody waits for any more is told so', () => {
    const parent = opening()
    expect(parent.send({ type: 'childChanged', turn: 1, stepId: 'sub', seq: 9 }).reply).toEqual({ kind: 'heard', isWanted: true })
    parent.send({ type: 'cancel', turn: undefined })
    expect(parent.send({ type: 'childChanged', turn: 1, stepId: 'sub', seq: 9 }).reply).toEqual({
      kind: 'heard',
      isWanted: false,
    })
    const child = childOf(opening())
    const [errand] = child.state.errands
    if (errand === undefined) throw new RangeError('the parent was not told')
    child.send({ type: 'arrived', errand, isWanted: false })
    expect(child.turnStatus).toBe('cancelled')
  })

  it('leaves its parent without a heartbeat while people decide: it tells when they have', () => {
    const parent = opening()
    const child = childOf(parent)
    tell(parent, child)
    parent.send({ type: 'flushed', upToSeq: parent.state.lastSeq })
    const deadline = child.approvalOf('pay').deadline ?? ''
    expect(beatOf(parent.state)).toEqual({ fromMs: Date.parse(deadline) })
    parent.send({ type: 'childChanged', turn: 1, stepId: 'sub', seq: child.state.lastSeq + 1 })
    expect(beatOf(parent.state)).toBe('always')
    child.send({ type: 'flushed', upToSeq: child.state.lastSeq })
    expect(beatOf(child.state)).toBe('always')
    const [errand] = child.state.errands
    if (errand === undefined) throw new RangeError('the parent was not told')
    child.send({ type: 'arrived', errand, isWanted: true })
    expect(beatOf(child.state)).toEqual({ fromMs: Date.parse(deadline) })
  })

  it('may wait for people longer than its time to work', () => {
    const parent = opening()
    tell(parent, childOf(parent))
    parent.nowMs += 30 * 86_400_000
    expect(nextWakeMs(parent.state, parent.nowMs)).toBeUndefined()
    parent.send({ type: 'tick' })
    expect(parent.statusOf('sub')).toBe('dispatched')
  })

  it('has the time that people took besides its own', () => {
    const parent = opening()
    const child = childOf(parent)
    tell(parent, child)
    parent.nowMs += 30 * 86_400_000
    child.decide('pay', { action: 'approve' })
    tell(parent, child)
    parent.nowMs += 60_000
    parent.send({ type: 'tick' })
    expect(parent.statusOf('sub')).toBe('dispatched')
    parent.nowMs += 30 * 86_400_000
    parent.send({ type: 'tick' })
    expect(parent.statusOf('sub')).not.toBe('dispatched')
  })

  it('is asked again after its parent moved, without another attempt or a word in the log', () => {
    const parent = opening()
    tell(parent, childOf(parent))
    const before = { ref: parent.ref('sub'), events: parent.events.length }
    parent.send({ type: 'activate' })
    expect(parent.ref('sub')).toEqual({ ...before.ref, epoch: before.ref.epoch + 1 })
    expect(parent.commands.at(-1)).toMatchObject({ type: 'visit', ...parent.ref('sub') })
    expect(parent.events).toHaveLength(before.events)
  })

  it('that was opened just as its parent was paused is paused too', () => {
    const parent = opening()
    const child = childOf(parent)
    parent.send({ type: 'pause' })
    for (const errand of parent.state.errands) parent.send({ type: 'arrived', errand, isWanted: true })
    tell(parent, child)
    expect(parent.state.errands).toMatchObject([{ to: 'child', method: 'pause' }])
  })
})

describe('child sessions are bounded', () => {
  it('in depth', () => {
    let session = new DrivenSession()
    const plan = (depth: number): ReturnType<typeof planOf> =>
      planOf([{ stepId: 'sub', ...childAgent, params: { input: 'Go on.', ...(depth === 0 ? {} : { plan: plan(depth - 1) }) } }])
    session.submit({ options: { plan: plan(3) } })
    for (let depth = 1; depth <= 3; depth += 1) session = childOf(session)
    expect(childRequest(session.state, session.ref('sub'))).toMatchObject({
      problem: { message: 'step "sub" opens no session: sessions are at most 3 deep' },
    })
  })

  it('in number', () => {
    const steps = Array.from({ length: 51 }, (_, n) => ({ stepId: `sub-${n}`, ...childAgent, params: { input: 'Go.' } }))
    const session = new DrivenSession()
    session.run(steps)
    expect(childRequest(session.state, session.ref('sub-49'))).toHaveProperty('request')
    expect(childRequest(session.state, session.ref('sub-50'))).toMatchObject({
      problem: { message: expect.stringContaining('a turn opens at most 50') },
    })
  })

  it('and asked only what can be asked', () => {
    expect(childRequest(opening({}).state, opening({}).ref('sub'))).toMatchObject({
      problem: { message: expect.stringContaining('params.input') },
    })
  })
})
