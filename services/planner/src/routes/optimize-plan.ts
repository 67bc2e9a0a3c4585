import { handle } from '@weft/mesh'
import type { RequestHandler } from 'express'
import type { AgentCards } from '../agent-cards.ts'
import { estimatePlan } from '../core/estimate-plan.ts'
import { optimizePlan } from '../core/optimize-plan.ts'
import { lookAtPlan } from '../look-at-plan.ts'
import { PlanBody } from './validate-plan.ts'

/** `POST /optimize`: the same work with less waiting; an unsound plan is answered with its problems instead. */
export function optimizePlanRoute(cards: AgentCards): RequestHandler {
  return handle(PlanBody, async ({ plan }) => {
    const { problems, registry } = await lookAtPlan(cards, plan)
    if (problems.length > 0) return { kind: 'unsupported', problems }
    const optimized = optimizePlan(plan)
    return { kind: 'plan', plan: { ...optimized, estimate: estimatePlan(optimized, registry) }, problems }
  })
}
