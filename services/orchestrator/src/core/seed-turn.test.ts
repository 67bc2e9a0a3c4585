import { expect, it } from '@jest/globals'
import type { ForkSource, Usage } from '@weft/contracts'
import { planSeed, type SeedWish, seedOf } from './seed-turn.ts'
import type { StepOutcome } from './session-state.ts'
import { viewSession } from './session-view.ts'
import { DrivenSession, planOf, turnRequest } from './testing.ts'

const used: Usage = { model: 'm', inputTokens: 1, outputTokens: 1, costUsd: 0.5, measured: true }

/** look → draft → answer, and a side step; each costs half a dollar. */
function answered(): DrivenSession {
  const session = new DrivenSession()
  session.run([
    { stepId: 'look' },
    { stepId: 'side' },
    { stepId: 'draft', dependsOn: ['look'] },
    { stepId: 'answer', dependsOn: ['draft', 'side'] },
  ])
  for (const stepId of ['look', 'side', 'draft', 'answer']) {
    const outcome = { kind: 'succeeded' as const, output: { text: stepId }, citations: [], confidence: 1 }
    session.send({ type: 'outcome', ...session.ref(stepId), usage: [used], outcome })
  }
  return session
}

function fork({ state }: DrivenSession, wish: SeedWish): ForkSource {
  const { turn, plan, stepIds } = planSeed(state, wish)
  const outcomes = new Map(
    stepIds.map((id): [string, StepOutcome] => [id, { output: { text: id }, citations: [], confidence: 1 }]),
  )
  return seedOf(state, { turn, plan }, { outcomes, fromStep: wish.fromStep })
}

it('a fork from a step takes over what does not depend on it, says what that saves, and runs the rest', () => {
  const { seed, request } = fork(answered(), { fromStep: 'draft' })
  expect(Object.keys(seed.finished)).toEqual(['look', 'side'])
  expect(seed.savedUsd).toBe(1)
  const forked = new DrivenSession()
  forked.send({ type: 'submit', request: turnRequest({ ...request, seed }) })
  expect(forked.dispatched()).toEqual(['draft'])
  forked.succeed('draft')
  forked.succeed('answer', { text: 'another' })
  expect(forked.turnStatus).toBe('completed')
  const [turn] = viewSession(forked.state).turns
  expect(turn?.forkedFrom).toEqual({ sessionId: 's1', turn: 1, fromStep: 'draft', savedUsd: 1, stepsReused: 2 })
  expect(turn?.steps.filter((step) => step.isReused).map((step) => step.stepId)).toEqual(['look', 'side'])
  expect(turn?.answer?.costUsd).toBe(0)
})

it('a fork without a step is a copy that goes on from there', () => {
  const forked = new DrivenSession()
  const { seed, request } = fork(answered(), {})
  forked.send({ type: 'submit', request: turnRequest({ ...request, seed }) })
  expect(forked.turnStatus).toBe('completed')
  expect(forked.dispatched()).toEqual([])
})

it('a fork of a fork still says what the first run had cost', () => {
  const forked = new DrivenSession()
  const first = fork(answered(), {})
  forked.send({ type: 'submit', request: turnRequest({ ...first.request, seed: first.seed }) })
  expect(fork(forked, { fromStep: 'answer' }).seed.savedUsd).toBe(1.5)
})

it('a step that added steps adds them anew when it runs again', () => {
  const more = { stepId: 'more', agent: 'worker', capability: 'work', params: {}, dependsOn: [], parallel: false }
  const scout = (session: DrivenSession) => {
    const outcome = { kind: 'succeeded' as const, output: { text: 'scout' }, citations: [], confidence: 1, steps: [more] }
    session.send({ type: 'outcome', ...session.ref('scout'), usage: [], outcome })
    session.succeed('more')
    session.succeed('answer')
  }
  const session = new DrivenSession()
  session.run([{ stepId: 'scout' }, { stepId: 'answer', dependsOn: ['scout'] }])
  scout(session)
  for (const fromStep of ['scout', 'answer']) {
    const { seed, request } = fork(session, { fromStep })
    const forked = new DrivenSession()
    forked.send({ type: 'submit', request: turnRequest({ ...request, seed }) })
    if (fromStep === 'scout') scout(forked)
    else forked.succeed('answer')
    expect(forked.turnStatus).toBe('completed')
    expect(forked.state.turns[0]?.plan?.steps.map(({ stepId, addedBy }) => [stepId, addedBy])).toEqual([
      ['scout', undefined],
      ['answer', undefined],
      ['more', 'scout'],
    ])
  }
})

it('what waits for an added step waits for the one that adds it anew', () => {
  const session = new DrivenSession()
  const asking = { stepId: 'answer', approval: { reason: 'ask' } }
  session.run([{ stepId: 'scout' }, asking])
  const outcome = {
    kind: 'succeeded' as const,
    output: {},
    citations: [],
    confidence: 1,
    steps: planOf([{ stepId: 'more' }]).steps,
  }
  session.send({ type: 'outcome', ...session.ref('scout'), usage: [], outcome })
  const plan = session.state.turns[0]?.plan ?? planOf([])
  const steps = plan.steps.map((step) => (step.stepId === 'answer' ? { ...step, dependsOn: ['more'] } : step))
  session.decide('answer', { action: 'modify', plan: { ...plan, steps } })
  expect(fork(session, { fromStep: 'scout' }).seed.plan.steps).toMatchObject([
    { stepId: 'scout', dependsOn: [] },
    { stepId: 'answer', dependsOn: ['scout'] },
  ])
})

it('names what cannot be forked from', () => {
  expect(() => planSeed(answered().state, { fromStep: 'nothing' })).toThrow(
    'has no step "nothing"; it has look, side, draft, answer',
  )
  expect(() => planSeed(answered().state, { turn: 7 })).toThrow('the session has no turn 7')
  const planning = new DrivenSession()
  planning.submit()
  expect(() => planSeed(planning.state, {})).toThrow('has no plan to fork from')
})
