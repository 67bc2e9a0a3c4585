import { expect, it } from '@jest/globals'
import { DrivenSession } from './testing.ts'

const degradedOf = (session: DrivenSession) => session.state.turns[0]?.answer?.degraded

it('names the steps that were lost, those that waited for them in vain, and what agents were short of', () => {
  const session = new DrivenSession()
  session.run([
    { stepId: 'a' },
    { stepId: 'b' },
    { stepId: 'both', dependsOn: ['a', 'b'], join: { atLeast: 2 } },
    { stepId: 'answer', dependsOn: ['b', 'both'] },
  ])
  session.fail('a')
  session.succeed('b')
  session.succeed('answer', { text: 'partly', degraded: ['offline_model'] })
  expect(session.turnStatus).toBe('completed')
  expect(degradedOf(session)).toEqual(['step_skipped:a', 'step_skipped:both', 'offline_model'])
})

it('does not call a step lost whose condition did not hold, though an agent does', () => {
  const session = new DrivenSession()
  session.run([
    { stepId: 'score' },
    { stepId: 'escalate', dependsOn: ['score'], when: { step: 'score', path: 'value', below: 0.5 } },
    { stepId: 'either', dependsOn: ['escalate'], join: 'any' },
    { stepId: 'answer', dependsOn: ['escalate', 'either'] },
  ])
  session.succeed('score', { value: 0.9 })
  session.succeed('answer', { text: 'whole', degraded: ['step_skipped:escalate'] })
  expect(degradedOf(session)).toEqual([])
})
