import type { PlanProblem, WorkflowPlan } from '@weft/contracts'
import type { AgentCards } from './agent-cards.ts'
import type { CapabilityRegistry } from './core/capability-registry.ts'
import { validatePlan } from './core/validate-plan.ts'

/**
 * What keeps a plan from running, and the registry that says so. Before a plan is refused, who joined a moment ago is looked up: throws
 * `dependency_unavailable` where that cannot be done.
 */
export async function lookAtPlan(
  cards: AgentCards,
  plan: WorkflowPlan,
): Promise<{ problems: PlanProblem[]; registry: CapabilityRegistry }> {
  const known = await cards.registry()
  if (validatePlan(plan, known).length === 0) return { problems: [], registry: known }
  const registry = await cards.registry({ isFresh: true })
  return { problems: validatePlan(plan, registry), registry }
}
