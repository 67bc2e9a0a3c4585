import { appSpecs } from './app-processes.ts'
import { infrastructureSpecs } from './infrastructure-processes.ts'
import { instancesOf, type MeshPlan } from './mesh-plan.ts'
import type { ProcessSpec } from './process-spec.ts'

/** The processes of the mesh. `infrastructureOnly` leaves out the services, which are then started by whoever debugs them. */
export function planProcesses(plan: MeshPlan, { infrastructureOnly = false } = {}): ProcessSpec[] {
  const infrastructure = infrastructureSpecs(plan)
  if (infrastructureOnly) return infrastructure
  return [...infrastructure, ...instancesOf(plan.replicas).flatMap((instance) => appSpecs(plan, instance))]
}
