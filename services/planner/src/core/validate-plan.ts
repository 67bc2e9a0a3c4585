import {
  type Capability,
  ChildParams,
  childAgent,
  describeMisfit,
  findPlanProblems,
  type PlanProblem,
  readJsonSchema,
  type WorkflowPlan,
  type WorkflowStep,
} from '@weft/contracts'
import { type CapabilityRegistry, findCapability } from './capability-registry.ts'

/** Everything that keeps a plan from running, each with the step it is about; empty for a sound plan. */
export function validatePlan(plan: WorkflowPlan, registry: CapabilityRegistry): PlanProblem[] {
  const problems = findPlanProblems(plan)
  const missing = plan.steps.flatMap((step) =>
    [...agentProblems(step, registry), ...childProblems(step, registry)].map((message) => ({ stepId: step.stepId, message })),
  )
  return [...problems, ...missing]
}

function agentProblems(step: WorkflowStep, registry: CapabilityRegistry): string[] {
  const agents = [step.agent, ...(step.onFailure?.action === 'fallback' ? [step.onFailure.agent] : [])]
  return agents.flatMap((agent) => {
    if (agent === undefined) return ['onFailure "fallback" needs the agent to fall back to']
    const offered = findCapability(registry, agent, step.capability)
    return offered === undefined ? [missingOf(registry, agent, step.capability)] : paramsProblems(step, agent, offered)
  })
}

/** What a step that depends on others lacks, its agent may take from their results. The params of a child session are looked at more closely. */
function paramsProblems({ params, dependsOn }: WorkflowStep, agent: string, { name, inputSchema }: Capability): string[] {
  const reading = agent === childAgent.agent ? undefined : readJsonSchema(inputSchema)
  if (reading?.kind !== 'check') return []
  const misfit = describeMisfit(reading.check, params, { mayLack: dependsOn.length > 0 })
  return misfit === undefined ? [] : [`its params do not fit what the card of "${agent}" says of "${name}": ${misfit}`]
}

function missingOf({ cards }: CapabilityRegistry, agent: string, capability: string): string {
  const card = cards.find(({ id }) => id === agent)
  if (card === undefined) return `there is no agent "${agent}": GET /v1/agents lists them`
  return `agent "${agent}" does not offer "${capability}", but ${card.capabilities.map(({ name }) => `"${name}"`).join(', ')}`
}

/** A step that opens a session brings what the session is asked, and perhaps a plan, which is looked at like any other. */
function childProblems({ agent, params }: WorkflowStep, registry: CapabilityRegistry): string[] {
  if (agent !== childAgent.agent) return []
  const parsed = ChildParams.safeParse(params)
  if (!parsed.success) return parsed.error.issues.map((issue) => `params.${issue.path.join('.')}: ${issue.message}`)
  const { plan } = parsed.data
  const problems = plan === undefined ? [] : validatePlan(plan, registry)
  return problems.map(
    (problem) => `params.plan: ${problem.stepId === undefined ? '' : `step "${problem.stepId}": `}${problem.message}`,
  )
}
