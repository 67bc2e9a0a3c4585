import { appSpecs } from './app-processes.ts'
import { infrastructureSpecs } from './infrastructure-processes.ts'
import { instancesOf, type MeshPlan } from './mesh-plan.ts'
import type { ProcessSpec } from './process-spec.ts'

/** Every process of the mesh, ready to run. `infrastructureOnly` leaves the services to whoever debugs them. */
export function planProcesses(plan: MeshPlan, { infrastructureOnly = false } = {}): ProcessSpec[] {
  const infrastructure = infrastructureSpecs(plan)
  if (infrastructureOnly) return infrastructure
  return [...infrastructure, ...instancesOf(plan.replicas).flatMap((instance) => appSpecs(plan, instance))]
}
