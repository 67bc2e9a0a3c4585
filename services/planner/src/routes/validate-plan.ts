import { WorkflowPlan } from '@weft/contracts'
import { handle } from '@weft/mesh'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import type { AgentCards } from '../agent-cards.ts'
import { estimatePlan } from '../core/estimate-plan.ts'
import { lookAtPlan } from '../look-at-plan.ts'

export const PlanBody = z.object({ plan: WorkflowPlan })

/** `POST /validate`: the plan with its estimate, or every problem it has. */
export function validatePlanRoute(cards: AgentCards): RequestHandler {
  return handle(PlanBody, async ({ plan }) => {
    const { problems, registry } = await lookAtPlan(cards, plan)
    if (problems.length > 0) return { kind: 'unsupported', problems }
    return { kind: 'plan', plan: { ...plan, estimate: estimatePlan(plan, registry) }, problems }
  })
}
