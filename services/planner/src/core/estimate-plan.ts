import type { Estimate, WorkflowPlan } from '@weft/contracts'
import { type CapabilityRegistry, findCapability } from './capability-registry.ts'
import { learnCost, type PastRun } from './learned-cost.ts'

/** Until enough runs are known, the range spans half to twice what the agents' cards say. */
const spread = { low: 0.5, high: 2 } as const

/**
 * Cost as finished runs tell, where there are enough of them, else as the sum of what the agents' cards say; duration along the longest chain of
 * dependencies, from the cards.
 */
export function estimatePlan(plan: WorkflowPlan, registry: CapabilityRegistry, runs: readonly PastRun[] = []): Estimate {
  const offered = new Map(plan.steps.map((step) => [step.stepId, findCapability(registry, step.agent, step.capability)]))
  const costUsd = [...offered.values()].reduce((sum, capability) => sum + (capability?.costUsd ?? 0), 0)
  const endMs = new Map<string, number>()
  const endOf = (stepId: string): number => {
    const known = endMs.get(stepId)
    if (known !== undefined) return known
    const step = plan.steps.find((candidate) => candidate.stepId === stepId)
    const startMs = Math.max(0, ...(step?.dependsOn ?? []).map(endOf))
    const end = startMs + (offered.get(stepId)?.latencyMs ?? 0)
    endMs.set(stepId, end)
    return end
  }
  return {
    costUsd: learnCost(plan, runs) ?? range(costUsd),
    durationMs: range(Math.max(...plan.steps.map((step) => endOf(step.stepId)))),
  }
}

function range(expected: number): { low: number; expected: number; high: number } {
  return { low: expected * spread.low, expected, high: expected * spread.high }
}
