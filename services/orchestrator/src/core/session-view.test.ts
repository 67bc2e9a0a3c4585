import { describe, expect, it } from '@jest/globals'
import type { StepView } from '@weft/contracts'
import { viewSession } from './session-view.ts'
import { DrivenSession, planOf } from './testing.ts'

/** What a step of the newest turn is shown to wait for. */
function waitOf({ state }: DrivenSession, stepId: string): StepView['waitingFor'] {
  const steps = viewSession(state).turns.at(-1)?.steps ?? []
  return steps.find((step) => step.stepId === stepId)?.waitingFor
}

function isoAfter({ nowMs }: DrivenSession, ms: number): string {
  return new Date(nowMs + ms).toISOString()
}

it('says when something last happened in the session, not when it was last looked at', () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', approval: { reason: 'money leaves', assignees: [], timeoutMs: 60_000 } }])
  const updatedAt = isoAfter(session, 0)
  session.nowMs += 1_000
  session.send({ type: 'activate' })
  expect(viewSession(session.state).updatedAt).toBe(updatedAt)
  session.send({ type: 'cancel', turn: undefined })
  expect(viewSession(session.state).updatedAt).toBe(isoAfter(session, 0))
})

it('shows and logs what its client wrote on a turn’s response', () => {
  const session = new DrivenSession()
  session.submit({ metadata: { ticket: '7' } })
  expect(viewSession(session.state).turns).toMatchObject([{ metadata: { ticket: '7' } }])
  expect(session.events[0]).toMatchObject({ type: 'turn.accepted', metadata: { ticket: '7' } })
})

describe('what a step that searches has found', () => {
  const place = { vectorStoreId: 'vs_1', fileId: 'file_1', filename: 'a.md', start: 0, end: 4, score: 0.5 }
  const output = { passages: [{ ...place, chunkId: 'chunk_1', text: 'Text' }], query: 'x' }
  const steps = [
    { stepId: 'look', capability: 'retrieve' },
    { stepId: 'answer', dependsOn: ['look'] },
  ]
  const foundIn = ({ state }: DrivenSession) =>
    viewSession(state)
      .turns.at(-1)
      ?.steps.map(({ found }) => found)

  it('is shown and logged by its places where the turn’s response tells of the search, also when a fork takes it over', () => {
    const session = new DrivenSession()
    session.submit({ options: { plan: planOf(steps) }, showsSearch: true })
    session.succeed('look', output)
    expect(foundIn(session)).toEqual([[place], undefined])
    expect(session.events.find(({ type }) => type === 'step.succeeded')).toMatchObject({ found: [place] })
    const finished = { look: { agent: 'rag', output, citations: [], confidence: 1, usage: [] } }
    const seed = { from: { sessionId: 's0', turn: 1 }, plan: planOf(steps), finished, savedUsd: 0 }
    const fork = new DrivenSession()
    fork.submit({ seed, showsSearch: true })
    expect(fork.events.find(({ type }) => type === 'step.succeeded')).toMatchObject({ isReused: true, found: [place] })
    expect(foundIn(fork)).toEqual([[place], undefined])
  })

  it('is neither elsewhere, nor where an output has no places', () => {
    const session = new DrivenSession()
    session.run(steps)
    session.succeed('look', output)
    expect(foundIn(session)).toEqual([undefined, undefined])
    const other = new DrivenSession()
    other.submit({ options: { plan: planOf(steps) }, showsSearch: true })
    other.succeed('look', { passages: ['x'] })
    expect(foundIn(other)).toEqual([undefined, undefined])
    expect(JSON.stringify([...session.events, ...other.events])).not.toContain('found')
  })
})

describe('a step says what it waits for:', () => {
  it('those of its dependencies that are still to come, not those that succeeded or were left out', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'a' }, { stepId: 'b' }, { stepId: 'c' }, { stepId: 'answer', dependsOn: ['a', 'b', 'c'] }])
    expect(waitOf(session, 'answer')).toEqual({ cause: 'dependencies', owner: 'a, b, c' })
    session.succeed('a')
    session.fail('c')
    expect(waitOf(session, 'answer')).toEqual({ cause: 'dependencies', owner: 'b' })
  })

  it('the agent that works, until its own deadline', () => {
    const session = new DrivenSession()
    session.run([
      { stepId: 'a', agent: 'rag' },
      { stepId: 'answer', timeoutMs: 1_500 },
    ])
    expect(waitOf(session, 'a')).toEqual({ cause: 'the agent is working', owner: 'rag', deadline: isoAfter(session, 300_000) })
    expect(waitOf(session, 'answer')).toMatchObject({ owner: 'worker', deadline: isoAfter(session, 1_500) })
  })

  it('a place at an agent that has enough to do, and then the agent for as long as it has', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer' }])
    const told = (isWaiting: boolean) => {
      const { turns } = viewSession(session.state, ({ stepId, attempt }) =>
        stepId === 'answer' && attempt === 1 ? { isWaiting, deadlineMs: session.nowMs + 7_000 } : undefined,
      )
      return turns[0]?.steps[0]?.waitingFor
    }
    expect(told(true)).toEqual({ cause: 'the agent works on as many steps as it takes at once', owner: 'worker' })
    expect(told(false)).toEqual({ cause: 'the agent is working', owner: 'worker', deadline: isoAfter(session, 7_000) })
    const { turns } = viewSession(session.state, () => undefined)
    expect(turns[0]?.steps[0]?.waitingFor).toEqual({ cause: 'the step has not been sent to its agent yet', owner: 'worker' })
  })

  it('its next attempt after a failure, when that is, and then the agent again', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer' }])
    for (const delayMs of [250, 500]) {
      session.fail('answer', true)
      expect(waitOf(session, 'answer')).toEqual({
        cause: 'retry after: answer broke',
        owner: 'worker',
        deadline: isoAfter(session, delayMs),
      })
      session.nowMs += delayMs
      session.send({ type: 'tick' })
      expect(waitOf(session, 'answer')).toMatchObject({ cause: 'the agent is working', deadline: isoAfter(session, 300_000) })
    }
  })

  it('the agent it fell back to', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer', onFailure: { action: 'fallback', agent: 'other' } }])
    session.fail('answer')
    expect(waitOf(session, 'answer')).toMatchObject({ cause: 'the agent is working', owner: 'other' })
  })

  it.each([
    ['those who are named', ['ann', 'role:board'], 'ann, role:board'],
    ['everybody who may', [], 'every key with the scope approve'],
  ])('its approval by %s, why, and until when', (_who, assignees, owner) => {
    const session = new DrivenSession()
    session.run([{ stepId: 'answer', approval: { reason: 'money leaves', assignees, timeoutMs: 60_000 } }])
    const cause = `approval ${session.approvalOf('answer').id}: money leaves`
    expect(waitOf(session, 'answer')).toEqual({ cause, owner, deadline: isoAfter(session, 60_000) })
  })

  it('nothing once it has ended', () => {
    const session = new DrivenSession()
    session.run([{ stepId: 'a' }, { stepId: 'b' }, { stepId: 'answer' }])
    session.succeed('a')
    session.fail('b')
    session.send({ type: 'cancel', turn: undefined })
    expect(['a', 'b', 'answer'].map((stepId) => session.statusOf(stepId))).toEqual(['succeeded', 'skipped', 'cancelled'])
    for (const stepId of ['a', 'b', 'answer']) expect(waitOf(session, stepId)).toBeUndefined()
  })
})

it('a session stands where its turn at work stands, whatever waits behind it, and then where the last one does', () => {
  const session = new DrivenSession()
  const status = () => viewSession(session.state).status
  session.run([{ stepId: 'answer', approval: { reason: 'money' } }])
  session.run([{ stepId: 'next' }])
  expect(status()).toBe('awaiting_approval')
  session.send({ type: 'cancel', turn: 1 })
  expect(status()).toBe('running')
  session.succeed('next')
  expect(status()).toBe('completed')
})
