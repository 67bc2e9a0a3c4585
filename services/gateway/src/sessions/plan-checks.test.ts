import { expect, it } from '@jest/globals'
import { type PlannerAnswer, parseValue, WeftError, WorkflowPlan } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { createPlanChecks } from './plan-checks.ts'

function planOf(stepId: string): WorkflowPlan {
  const step = { stepId, agent: 'echo', capability: 'echo', params: {}, dependsOn: [], parallel: false }
  return parseValue(WorkflowPlan, { planId: 'p', schemaVersion: 1, answerStepId: stepId, steps: [step] }, 'the plan')
}

const patiently = { param: 'weft.plan', signal: new AbortController().signal }

function startPlanner() {
  const planner = { asked: 0, problems: [] as PlannerAnswer['problems'], isDown: false, nowMs: 0 }
  const invoke: Sidecar['invoke'] = async (_appId, _path, { schema }) => {
    planner.asked += 1
    if (planner.isDown) throw new WeftError('dependency_unavailable', 'no planner')
    return parseValue(schema, { kind: 'plan', problems: planner.problems }, 'the answer')
  }
  return Object.assign(planner, { checks: createPlanChecks({ invoke }, () => planner.nowMs) })
}

it('the planner looks once at a plan that many send at once, and again after 5 s', async () => {
  const planner = startPlanner()
  const check = () => planner.checks.requireSound(planOf('a'), patiently)
  await Promise.all(Array.from({ length: 20 }, check))
  expect(planner.asked).toBe(1)
  planner.nowMs = 5_000
  await check()
  expect(planner.asked).toBe(2)
})

it('no plan is taken for another', async () => {
  const planner = startPlanner()
  for (const stepId of ['a', 'b', 'a']) await planner.checks.requireSound(planOf(stepId), patiently)
  expect(planner.asked).toBe(2)
})

it('a plan that was refused, or could not be checked, is looked at anew', async () => {
  const planner = startPlanner()
  const check = () => planner.checks.requireSound(planOf('a'), patiently)
  planner.problems = [{ stepId: 'a', message: 'no agent "echo"' }]
  await expect(check()).rejects.toMatchObject({ code: 'invalid_plan', param: 'weft.plan.steps.a' })
  planner.isDown = true
  await expect(check()).rejects.toMatchObject({ code: 'dependency_unavailable' })
  planner.isDown = false
  planner.problems = []
  await check()
  expect(planner.asked).toBe(3)
})

it('remembers 256 plans, and forgets the oldest first', async () => {
  const planner = startPlanner()
  const check = (stepId: string) => planner.checks.requireSound(planOf(stepId), patiently)
  for (let plan = 0; plan < 257; plan += 1) await check(`s${plan}`)
  await check('s1')
  expect(planner.asked).toBe(257)
  await check('s0')
  expect(planner.asked).toBe(258)
})

it('one that cannot wait does not take the answer from those who can', async () => {
  const planner = startPlanner()
  const waiting = planner.checks.requireSound(planOf('a'), patiently)
  const hurried = planner.checks.requireSound(planOf('a'), { param: 'weft.plan', signal: AbortSignal.abort() })
  await expect(hurried).rejects.toMatchObject({ code: 'timeout' })
  await waiting
  expect(planner.asked).toBe(1)
})
