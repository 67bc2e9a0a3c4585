import { expect, it } from '@jest/globals'
import type { SessionEvent } from '@weft/contracts'
import { turnsFromEvents } from './turns-from-events.ts'

const at = (seconds: number) => new Date(seconds * 1_000).toISOString()
const step = { agent: 'rag', capability: 'retrieve', params: {}, parallel: false }
const plan = {
  planId: 'p',
  schemaVersion: 1,
  answerStepId: 'answer',
  steps: [
    { ...step, stepId: 'look', dependsOn: [] },
    { ...step, stepId: 'answer', dependsOn: ['look'] },
  ],
}
const answer = { text: 'Rayleigh.', citations: [], degraded: ['step_skipped:look'], usage: [], costUsd: 0.2 }

function log(...events: Partial<SessionEvent>[]): SessionEvent[] {
  return events.map((event, index) => ({
    seq: index + 1,
    at: at(index + 1),
    type: 'step.progress',
    sessionId: 's1',
    turn: 1,
    ...event,
  }))
}

it('tells a turn as it was: its plan, what became of each step, its answer', () => {
  const [turn] = turnsFromEvents(
    log(
      { type: 'turn.accepted', model: 'weft/auto' },
      { type: 'plan.ready', plan, planVersion: 1 },
      { type: 'step.dispatched', stepId: 'look', agent: 'rag', attempt: 1, childSessionId: 's2' },
      { type: 'step.skipped', stepId: 'look', cause: 'the database is away' },
      { type: 'step.dispatched', stepId: 'answer', agent: 'reasoning', attempt: 1 },
      { type: 'step.succeeded', stepId: 'answer', attempt: 1, costUsd: 0.2, confidence: 1 },
      { type: 'turn.completed', answer },
    ),
  )
  expect(turn).toMatchObject({
    turn: 1,
    status: 'completed',
    model: 'weft/auto',
    acceptedAt: at(1),
    endedAt: at(7),
    planVersion: 1,
    answer,
  })
  expect(turn?.steps).toMatchObject([
    { stepId: 'look', status: 'skipped', attempt: 1, startedAt: at(3), endedAt: at(4), childSessionId: 's2' },
    { stepId: 'answer', agent: 'reasoning', status: 'succeeded', costUsd: 0.2 },
  ])
})

it('tells what a step has found, and what was written on the response', () => {
  const found = [{ vectorStoreId: 'vs_1', fileId: 'file_1', filename: 'a.md', start: 0, end: 4, score: 0.5 }]
  const [turn] = turnsFromEvents(
    log(
      { type: 'turn.accepted', model: 'weft/auto', showsSearch: true, metadata: { ticket: '7' } },
      { type: 'plan.ready', plan, planVersion: 1 },
      { type: 'step.succeeded', stepId: 'look', attempt: 1, found },
    ),
  )
  expect(turn?.steps[0]).toMatchObject({ stepId: 'look', found })
  expect(turn).toMatchObject({ showsSearch: true, metadata: { ticket: '7' } })
})

it('keeps the turns apart, and what was done under an earlier version of a plan', () => {
  const turns = turnsFromEvents(
    log(
      { type: 'turn.accepted', model: 'weft/auto' },
      { type: 'plan.ready', plan, planVersion: 1 },
      { type: 'step.succeeded', stepId: 'look', attempt: 1, costUsd: 0.1 },
      { type: 'plan.ready', plan, planVersion: 2 },
      { type: 'turn.accepted', model: 'weft/direct', turn: 2 },
      { type: 'turn.cancelled', answer },
    ),
  )
  expect(turns.map(({ turn, status }) => ({ turn, status }))).toEqual([
    { turn: 1, status: 'cancelled' },
    { turn: 2, status: 'running' },
  ])
  expect(turns[0]).toMatchObject({ planVersion: 2, steps: [{ stepId: 'look', status: 'succeeded' }, { status: 'pending' }] })
})

it('a turn whose caller wished no response to be kept says so as long as its log is there', () => {
  const turns = turnsFromEvents(log({ type: 'turn.accepted', model: 'weft/auto', isStored: false, showsSearch: true }))
  expect(turns).toMatchObject([{ isStored: false, showsSearch: true }])
})
