import { describe, expect, it } from '@jest/globals'
import { WorkflowPlan } from '@weft/contracts'
import type { CapabilityRegistry } from './capability-registry.ts'
import { optimizePlan } from './optimize-plan.ts'
import { validatePlan } from './validate-plan.ts'

const offered = (name: string) => ({ name, description: '', inputSchema: {}, outputSchema: {}, effects: 'none' as const })
const registry: CapabilityRegistry = {
  cards: [{ id: 'rag', version: '1', description: '', capabilities: [offered('retrieve'), offered('answer')] }],
}

function planOf(steps: Record<string, unknown>[], answerStepId = 'answer'): WorkflowPlan {
  const whole = steps.map((step) => ({ agent: 'rag', capability: 'retrieve', ...step }))
  return WorkflowPlan.parse({ planId: 'p', schemaVersion: 1, steps: whole, answerStepId })
}

const counts = {
  ...offered('count'),
  inputSchema: { type: 'object', properties: { upTo: { type: 'integer' } }, required: ['upTo'] },
}
const withCounter: CapabilityRegistry = {
  cards: [...registry.cards, { id: 'counter', version: '1', description: '', capabilities: [counts] }],
}

describe('params that an agent’s card does not take', () => {
  const problemsOf = (step: object, before: Record<string, unknown>[] = []) =>
    validatePlan(planOf([...before, { stepId: 'answer', agent: 'counter', capability: 'count', ...step }]), withCounter)

  it.each([
    ['of a wrong type', { params: { upTo: 'six' } }, /: 'upTo' Invalid input: expected (int|number), received string/],
    ['that lack what it needs', {}, /: 'upTo' is missing/],
    [
      'of an agent to fall back to',
      { agent: 'rag', capability: 'count', params: { upTo: 1.5 }, onFailure: { action: 'fallback', agent: 'counter' } },
      /: 'upTo' Invalid input: expected int/,
    ],
  ])('%s are refused before anything starts', (_what, step, message) => {
    expect(problemsOf(step)).toContainEqual({
      stepId: 'answer',
      message: expect.stringMatching(
        new RegExp(`^its params do not fit what the card of "counter" says of "count"${message.source}`),
      ),
    })
  })

  it('but what a step lacks, its agent may take from the results it depends on', () => {
    expect(problemsOf({ dependsOn: ['find'] }, [{ stepId: 'find' }])).toEqual([])
    expect(problemsOf({ dependsOn: ['find'], params: { upTo: 'six' } }, [{ stepId: 'find' }])).toHaveLength(1)
  })
})

describe('a plan is refused with the step named', () => {
  it.each([
    ['an unknown dependency', [{ stepId: 'answer', dependsOn: ['ghost'] }], 'answer', /"ghost"/],
    ['a step id used twice', [{ stepId: 'answer' }, { stepId: 'answer' }], 'answer', /twice/],
    ['a cycle', [{ stepId: 'a', dependsOn: ['b'] }, { stepId: 'b', dependsOn: ['a'] }, { stepId: 'answer' }], 'a', /cycle/],
    [
      'a parallel step on its parallel sibling',
      [
        { stepId: 'a', parallel: true },
        { stepId: 'answer', parallel: true, dependsOn: ['a'] },
      ],
      'answer',
      /parallel/,
    ],
    ['an agent without the capability', [{ stepId: 'answer', capability: 'fly' }], 'answer', /"fly", but "retrieve", "answer"/],
    ['an agent that is not there', [{ stepId: 'answer', agent: 'ghost' }], 'answer', /no agent "ghost"/],
    [
      'an atLeast above the dependencies',
      [{ stepId: 'a' }, { stepId: 'answer', dependsOn: ['a'], join: { atLeast: 2 } }],
      'answer',
      /atLeast 2/,
    ],
    ['a condition on a stranger', [{ stepId: 'a' }, { stepId: 'answer', when: { step: 'a' } }], 'answer', /condition/],
    ['a fallback without an agent', [{ stepId: 'answer', onFailure: { action: 'fallback' } }], 'answer', /fallback/],
    ['a dependency named twice', [{ stepId: 'a' }, { stepId: 'answer', dependsOn: ['a', 'a'] }], 'answer', /twice/],
    [
      'params beyond the limit',
      [{ stepId: 'answer', params: { query: 'x'.repeat(262_144) } }],
      'answer',
      /params are 262156 bytes/,
    ],
    [
      'an approval that too few may decide',
      [{ stepId: 'answer', approval: { reason: 'money', quorum: 2, assignees: ['ann'] } }],
      'answer',
      /asks for 2 decisions and names 1/,
    ],
  ])('%s', (_what, steps, stepId, message) => {
    const [problem] = validatePlan(planOf(steps), registry)
    expect(problem).toMatchObject({ stepId })
    expect(problem?.message).toMatch(message)
  })

  it('no entry step, and an answer step that is not there', () => {
    expect(validatePlan(planOf([{ stepId: 'answer', dependsOn: ['answer'] }]), registry)[0]).toEqual({
      stepId: 'answer',
      message: expect.stringMatching(/no step can start/),
    })
    expect(validatePlan(planOf([{ stepId: 'a' }]), registry)[0]).toEqual({
      stepId: 'answer',
      message: expect.stringMatching(/answerStepId/),
    })
  })

  it('more than 200 steps, and 200 are not', () => {
    const steps = Array.from({ length: 200 }, (_, n) => ({ stepId: `s${n}` }))
    const plan = planOf(steps, 's0')
    expect(validatePlan(plan, registry)).toEqual([])
    const tooLarge = { ...plan, steps: [...plan.steps, ...planOf([{ stepId: 'one-more' }], 'one-more').steps] }
    expect(validatePlan(tooLarge, registry)).toEqual([{ message: 'the plan has 201 steps, more than 200' }])
  })

  it('but a sound one is not', () => {
    expect(
      validatePlan(planOf([{ stepId: 'a' }, { stepId: 'answer', capability: 'answer', dependsOn: ['a'] }]), registry),
    ).toEqual([])
  })
})

describe('optimising', () => {
  it('takes the largest plans without keeping the planner from others', () => {
    const before = (count: number) => Array.from({ length: count }, (_, n) => `s${n}`)
    const dense = planOf([
      ...before(199).map((stepId, n) => ({ stepId, capability: 'answer', dependsOn: before(n) })),
      { stepId: 'answer', capability: 'answer', dependsOn: before(199) },
    ])
    const query = 'long '.repeat(5_000)
    const wide = planOf([
      ...before(199).map((stepId, n) => ({ stepId, params: { query: `${query}${n % 2}` } })),
      { stepId: 'answer', capability: 'answer', dependsOn: before(199) },
    ])
    const usedBefore = process.cpuUsage()
    expect(optimizePlan(dense).steps.map(({ dependsOn }) => dependsOn.length)).toEqual([0, ...Array(199).fill(1)])
    expect(optimizePlan(wide).steps.map(({ stepId }) => stepId)).toEqual(['s0', 's1', 'answer'])
    expect(process.cpuUsage(usedBefore).user / 1_000).toBeLessThan(1_000)
  })

  it('tells an empty list from an empty object, and the order of fields from their content', () => {
    const optimized = optimizePlan(
      planOf([
        { stepId: 'a', params: { query: 'x', filters: {} } },
        { stepId: 'b', params: { query: 'x', filters: [] } },
        { stepId: 'c', params: { filters: [], query: 'x' } },
        { stepId: 'answer', capability: 'answer', dependsOn: ['a', 'b', 'c'] },
      ]),
    )
    expect(optimized.steps.map(({ stepId }) => stepId)).toEqual(['a', 'b', 'answer'])
  })

  const steps = [
    { stepId: 'a', params: { query: 'x' } },
    { stepId: 'b', params: { query: 'x' } },
    { stepId: 'mid', capability: 'answer', dependsOn: ['a'] },
    { stepId: 'late', capability: 'answer', dependsOn: ['mid'] },
    { stepId: 'answer', capability: 'answer', dependsOn: ['a', 'b', 'mid', 'late'] },
  ]

  it('merges equal retrievals and drops what other dependencies imply, but keeps evidence an agent reads', () => {
    const optimized = optimizePlan(planOf(steps))
    expect(optimized.steps.map((step) => step.stepId)).toEqual(['a', 'mid', 'late', 'answer'])
    expect(optimized.steps.at(-1)?.dependsOn).toEqual(['a', 'late'])
    expect(validatePlan(optimized, registry)).toEqual([])
  })

  it('marks steps that can run side by side', () => {
    const optimized = optimizePlan(
      planOf([
        { stepId: 'a', params: { query: 'x' } },
        { stepId: 'b', params: { query: 'y' } },
        { stepId: 'answer', dependsOn: ['a', 'b'] },
      ]),
    )
    expect(optimized.steps.map((step) => step.parallel)).toEqual([true, true, false])
  })
})
