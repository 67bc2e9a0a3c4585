import { expect, it } from '@jest/globals'
import { weftVersion } from '@weft/contracts'
import { viewSession } from './session-view.ts'
import { DrivenSession } from './testing.ts'

const steps = [
  { stepId: 'a', onFailure: { action: 'fallback' as const, agent: 'second' } },
  { stepId: 'answer', agent: 'writer', dependsOn: ['a'] },
]

it('a turn tells with which versions it began, whatever takes over on the way, and every attempt which did it', () => {
  const session = new DrivenSession()
  session.agentVersions = { worker: '1', second: '7', writer: '2', other: '9' }
  session.run(steps)
  session.agentVersions = { ...session.agentVersions, writer: '3' }
  session.succeed('a')
  session.succeed('answer')
  expect(viewSession(session.state).turns[0]?.versions).toEqual({
    weft: weftVersion,
    agents: { worker: '1', second: '7', writer: '2' },
  })
  const dispatched = session.events.filter(({ type }) => type === 'step.dispatched')
  expect(dispatched.map(({ stepId, agentVersion }) => [stepId, agentVersion])).toEqual([
    ['a', '1'],
    ['answer', '3'],
  ])
})

it('a turn runs by the plan it began with, also when the planner answers differently later', () => {
  const session = new DrivenSession()
  session.submit()
  const planned = (stepId: string) => ({
    type: 'planned' as const,
    turn: 1,
    planAttempt: 1,
    result: {
      kind: 'plan' as const,
      plan: {
        planId: `plan_${stepId}`,
        schemaVersion: 1 as const,
        mode: 'direct',
        answerStepId: stepId,
        steps: [{ stepId, agent: 'worker', capability: 'work', params: {}, dependsOn: [], parallel: false }],
      },
    },
  })
  session.send(planned('first'))
  session.send(planned('second'))
  session.send({ type: 'activate' })
  expect(session.state.turns[0]?.plan?.planId).toBe('plan_first')
  expect(session.dispatched()).toEqual(['first', 'first'])
})
