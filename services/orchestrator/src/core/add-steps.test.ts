import { expect, it } from '@jest/globals'
import type { WorkflowStep } from '@weft/contracts'
import { DrivenSession } from './testing.ts'

const step = (stepId: string, dependsOn: string[] = []): WorkflowStep => ({
  stepId,
  agent: 'worker',
  capability: 'work',
  params: {},
  dependsOn,
  parallel: false,
})

function succeedWith(session: DrivenSession, stepId: string, steps: WorkflowStep[]): void {
  const outcome = { kind: 'succeeded' as const, output: { text: stepId }, citations: [], confidence: 1, steps }
  session.send({ type: 'outcome', ...session.ref(stepId), usage: [], outcome })
}

function scouting(): DrivenSession {
  const session = new DrivenSession()
  session.run([{ stepId: 'scout' }, { stepId: 'answer', dependsOn: ['scout'] }])
  return session
}

it('steps that a result adds run before those that wait for its step', () => {
  const session = scouting()
  succeedWith(session, 'scout', [step('left'), step('right'), step('join', ['left', 'right'])])
  expect(session.dispatched()).toEqual(['scout', 'left', 'right'])
  session.succeed('left')
  session.succeed('right')
  expect(session.statusOf('answer')).toBe('pending')
  session.succeed('join')
  session.succeed('answer')
  expect(session.turnStatus).toBe('completed')
  expect(session.state.turns[0]?.planVersion).toBe(2)
})

it.each([
  ['an id that is taken', [step('answer')], 'step "answer": the step id "answer" is used twice'],
  ['an unknown dependency', [step('more', ['nothing'])], 'step "more": it depends on "nothing"'],
  ['a cycle', [step('x', ['y']), step('y', ['x'])], 'cycle'],
  ['too many', Array.from({ length: 199 }, (_, n) => step(`s${n}`)), 'has 201 steps, more than 200'],
])('steps are refused with the step named: %s', (_what, steps, message) => {
  const session = scouting()
  succeedWith(session, 'scout', steps)
  expect(session.statusOf('scout')).toBe('skipped')
  expect(session.state.turns[0]?.steps.scout?.problem?.message).toContain(message)
  expect(session.statusOf('answer')).toBe('dispatched')
})

it('a step may add steps again and again, up to what a plan may hold', () => {
  const session = scouting()
  succeedWith(session, 'scout', [step('loop-1')])
  for (let round = 1; round < 5; round += 1) succeedWith(session, `loop-${round}`, [step(`loop-${round + 1}`)])
  session.succeed('loop-5')
  session.succeed('answer')
  expect(session.turnStatus).toBe('completed')
  expect(session.state.turns[0]?.plan?.steps).toHaveLength(7)
})
