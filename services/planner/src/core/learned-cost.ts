import type { WorkflowPlan } from '@weft/contracts'

/** A finished turn: what each of its steps did, and what that cost. */
export interface PastRun {
  steps: { agent: string; capability: string; costUsd: number }[]
}

export interface CostRange {
  low: number
  expected: number
  high: number
}

/** Fewer runs say nothing about their tenth parts. */
const runsMin = 30
/** The range holds what eight runs of ten cost. */
const tail = 0.1
const draws = 2_000

/**
 * What a plan will cost, as finished runs tell: those of plans that do the same, else the steps of any that do the same thing. undefined where there are
 * too few. The range is one between order statistics, so it holds the next run of ten eight times whatever their distribution is (split conformal
 * prediction: Vovk et al. 2005), as long as the next runs are like the past ones.
 */
export function learnCost({ steps }: Pick<WorkflowPlan, 'steps'>, runs: readonly PastRun[]): CostRange | undefined {
  const shape = shapeOf(steps)
  const alike = runs.filter((run) => shapeOf(run.steps) === shape).map(totalOf)
  if (alike.length >= runsMin) return rangeOf(alike)
  const byStep = steps.map(({ agent, capability }) =>
    runs.flatMap((run) =>
      run.steps.flatMap((step) => (step.agent === agent && step.capability === capability ? [step.costUsd] : [])),
    ),
  )
  return byStep.some((costs) => costs.length < runsMin) ? undefined : rangeOf(drawnSums(byStep))
}

function shapeOf(steps: readonly { agent: string; capability: string }[]): string {
  return steps
    .map(({ agent, capability }) => `${agent}/${capability}`)
    .toSorted()
    .join(' ')
}

function totalOf({ steps }: PastRun): number {
  return steps.reduce((sum, { costUsd }) => sum + costUsd, 0)
}

function rangeOf(costs: number[]): CostRange {
  const sorted = costs.toSorted((left, right) => left - right)
  const ranked = (rank: number) => sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] ?? 0
  return {
    low: ranked(Math.floor(tail * (sorted.length + 1))),
    expected: costs.reduce((sum, cost) => sum + cost, 0) / costs.length,
    high: ranked(Math.ceil((1 - tail) * (sorted.length + 1))),
  }
}

/** Sums of one past cost of each step, as if steps cost what they cost independently; always the same for the same runs. */
function drawnSums(byStep: number[][]): number[] {
  let seed = 1
  // The generator of Lehmer with the multiplier of Park and Miller (CACM 1988).
  const next = () => {
    seed = (seed * 16_807) % 2_147_483_647
    return seed
  }
  return Array.from({ length: draws }, () => byStep.reduce((sum, costs) => sum + (costs[next() % costs.length] ?? 0), 0))
}
