import type { WorkflowStep } from '@weft/contracts'
import fc from 'fast-check'
import { planOf } from '../testing.ts'
import type { Fate } from './sequential-run.ts'
import type { Scenario } from './simulated-world.ts'

type Draft = Partial<WorkflowStep> & Pick<WorkflowStep, 'stepId' | 'dependsOn'>

const stepsMax = 7

/**
 * Random turns whose outcome does not depend on who comes first: steps may fail, be left out, fall back, wait for some of their dependencies,
 * have conditions and add steps. No failure ends the turn.
 */
export const determinedScenario: fc.Arbitrary<Scenario> = fc.boolean().chain((isGrowing) =>
  scenario((draft, isAnswer) =>
    fc
      .record({
        more: fc.oneof(isGrowing ? conditionOf(draft) : joinOf(draft), conditionOf(draft)),
        onFailure: fc.constantFrom<Fallible>({}, {}, isAnswer ? {} : { onFailure: { action: 'skip' } }, {
          onFailure: { action: 'fallback', agent: 'second' },
        }),
        adds: fc.constantFrom(0, 0, isGrowing ? 2 : 0),
        asks: fc.constantFrom(0, 0, 0, 1),
        isBroken: fc.boolean(),
        gate: fc.constantFrom({}, {}, {}, { approval: { reason: 'ask first' } }),
        tried,
      })
      .map(({ more, onFailure, adds, asks, isBroken, gate, tried: { failures, value } }) => {
        const brokenAgents = isBroken && onFailure.onFailure !== undefined ? ['worker'] : []
        return { step: { ...draft, ...more, ...onFailure, ...gate }, fate: { failures, value, brokenAgents, adds, asks } }
      }),
  ),
)

/** Random turns in which anything may go wrong: failures that end them, work that must not happen twice, people who are asked. */
export const anyScenario: fc.Arbitrary<Scenario> = scenario((draft) =>
  fc
    .record({
      more: fc.oneof(joinOf(draft), conditionOf(draft)),
      rule: fc.record(
        {
          onFailure: fc.record({
            action: fc.constantFrom('fail', 'skip', 'retry', 'fallback', 'ask', 'ask'),
            maxAttempts: fc.integer({ min: 1, max: 3 }),
            agent: fc.constant('second'),
          }),
          idempotent: fc.boolean(),
          timeoutMs: fc.constantFrom(1_000, 60_000),
          approval: fc.constantFrom(
            { reason: 'ask first' },
            { reason: 'ask first', timeoutMs: 5_000 },
            { reason: 'ask two', quorum: 2 },
          ),
        },
        { requiredKeys: [] },
      ),
      tried,
      brokenAgents: fc.constantFrom<string[]>([], [], [], [], [], [], [], ['worker'], ['second'], ['worker', 'second']),
      adds: fc.constantFrom(0, 0, 1),
      asks: fc.constantFrom(0, 0, 0, 0, 1, 2),
    })
    .map(({ more, rule, tried: { failures, value }, brokenAgents, adds, asks }) => ({
      step: { ...draft, ...more, ...rule },
      fate: { failures, value, brokenAgents, adds, asks },
    })),
)

type Fallible = Pick<WorkflowStep, 'onFailure'>

const tried = fc.record({ failures: fc.constantFrom(0, 0, 0, 1, 2), value: fc.constantFrom(0.2, 0.9) })

/** An acyclic plan: each step depends only on earlier ones, the last one answers. */
function scenario(
  stepOf: (draft: Draft, isAnswer: boolean) => fc.Arbitrary<{ step: Draft; fate: Fate }>,
): fc.Arbitrary<Scenario> {
  const idsBefore = (index: number) => Array.from({ length: index }, (_, earlier) => `s${earlier}`)
  return fc
    .integer({ min: 1, max: stepsMax })
    .chain((count) =>
      fc.tuple(
        fc.boolean(),
        ...idsBefore(count).map((stepId, index) =>
          fc.subarray(idsBefore(index)).chain((dependsOn) => stepOf({ stepId, dependsOn }, index === count - 1)),
        ),
      ),
    )
    .map(([isPlanned, ...drawn]) => ({
      isPlanned,
      plan: planOf(drawn.map(({ step }) => step)),
      fates: Object.fromEntries(drawn.map(({ step, fate }) => [step.stepId, fate])),
    }))
}

function joinOf({ dependsOn }: Draft): fc.Arbitrary<Pick<WorkflowStep, 'join'>> {
  if (dependsOn.length === 0) return fc.constant({})
  return fc.oneof(
    fc.constantFrom({ join: 'all' as const }, { join: 'any' as const }),
    fc.integer({ min: 1, max: dependsOn.length }).map((atLeast) => ({ join: { atLeast } })),
  )
}

function conditionOf({ dependsOn }: Draft): fc.Arbitrary<Pick<WorkflowStep, 'when'>> {
  if (dependsOn.length === 0) return fc.constant({})
  return fc
    .constantFrom(...dependsOn)
    .chain((step) =>
      fc.constantFrom<Pick<WorkflowStep, 'when'>>(
        {},
        {},
        { when: { step, path: 'value', above: 0.5 } },
        { when: { step, status: 'skipped' } },
      ),
    )
}
