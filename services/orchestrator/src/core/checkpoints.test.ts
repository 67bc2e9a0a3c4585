import { describe, expect, it } from '@jest/globals'
import type { WorkflowStep } from '@weft/contracts'
import { executeRequest } from './execute-request.ts'
import { fromHead, partsOf, toHead } from './persist-session.ts'
import { SessionHead } from './session-head.ts'
import type { StepRef } from './session-state.ts'
import { DrivenSession } from './testing.ts'

/** A turn whose only step has reported two checkpoints. */
function reported(step: Partial<WorkflowStep> = {}): DrivenSession {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', ...step }])
  for (const done of [1, 2]) report(session, session.ref('answer'), done)
  return session
}

function report(session: DrivenSession, ref: StepRef, done: number): void {
  session.send({ type: 'checkpoint', ...ref, state: { done } })
}

function retry(session: DrivenSession): void {
  session.fail('answer', true)
  session.nowMs += 10_000
  session.send({ type: 'tick' })
}

/** The number of the current attempt, and the checkpoint it is sent. */
function sent(session: DrivenSession): [attempt: number | undefined, checkpoint: unknown] {
  const body = executeRequest(session.state, session.ref('answer'))?.body
  return [body?.attempt, body?.checkpoint]
}

describe('the newest checkpoint of an attempt', () => {
  it.each<[string, (session: DrivenSession) => unknown]>([
    ['a failure', retry],
    ['a crash of its host', (session) => session.send({ type: 'activate' })],
    [
      'the answer to what its agent asked',
      (session) => {
        session.ask('answer')
        session.decide('answer', { action: 'approve' })
      },
    ],
  ])('is what the next attempt begins from after %s', (_what, interrupt) => {
    const session = reported()
    interrupt(session)
    expect(sent(session)).toEqual([2, { done: 2 }])
  })

  it('is kept by as many attempts as report none', () => {
    const session = reported()
    retry(session)
    retry(session)
    session.send({ type: 'activate' })
    expect(sent(session)).toEqual([4, { done: 2 }])
  })

  it('outlives the host: it is read back from the store', async () => {
    const session = reported()
    const store = JSON.parse(JSON.stringify({ head: toHead(session.state), parts: Object.fromEntries(partsOf(session.state)) }))
    const read = await fromHead(SessionHead.parse(store.head), async (key, schema) => schema.parse(store.parts[key]))
    session.state = read.state
    session.send({ type: 'activate' })
    expect(sent(session)).toEqual([2, { done: 2 }])
  })

  it.each([
    ['failed and is tried again', retry],
    ['ended with its host', (session: DrivenSession) => session.send({ type: 'activate' })],
  ])('is not taken from one that %s', (_what, interrupt) => {
    const session = reported()
    const stale = session.ref('answer')
    interrupt(session)
    report(session, stale, 3)
    expect(sent(session)).toEqual([2, { done: 2 }])
    report(session, session.ref('answer'), 4)
    retry(session)
    expect(sent(session)).toEqual([3, { done: 4 }])
  })

  it('is no beginning of other work, when an approver has the step do something else', () => {
    const session = reported({ params: { amount: 5 }, onFailure: { action: 'ask' } })
    session.fail('answer')
    session.decide('answer', { action: 'modify', params: { amount: 4 } })
    expect(sent(session)).toEqual([2, undefined])
  })

  it('is not given to another agent that the step falls back to', () => {
    const session = reported({ onFailure: { action: 'fallback', agent: 'other' } })
    session.fail('answer')
    expect(sent(session)).toEqual([2, undefined])
  })
})

it('a checkpoint is written once, however often its session is committed, and given up for the next one and with the turn', () => {
  const session = reported()
  const partsNow = () => [...partsOf(session.state).keys()].filter((part) => part.startsWith('checkpoint.'))
  const [first] = partsNow()
  session.send({ type: 'progress', ...session.ref('answer'), message: 'on', fraction: undefined })
  expect(partsNow()).toEqual([first])
  expect(JSON.stringify(toHead(session.state))).not.toContain('"done"')
  report(session, session.ref('answer'), 3)
  expect(partsNow()).toHaveLength(1)
  expect(partsNow()).not.toEqual([first])
  session.fail('answer', false)
  expect(partsNow()).toEqual([])
})
