import { type ExecuteRequest, hasCode, type NeedsApprovalEvent } from '@weft/contracts'
import { z } from 'zod'
import { usdOf } from './core/nano-usd.ts'

const Breach = z.object({ budget: z.object({ id: z.string(), onBreach: z.literal('ask'), worstNano: z.number() }) })

/** What a step asks its approvers when a budget with `onBreach: ask` has no room for a call; undefined for every other failure. */
export function budgetQuestion(thrown: unknown): NeedsApprovalEvent | undefined {
  if (!hasCode(thrown, 'budget_exceeded')) return undefined
  const breach = Breach.safeParse(thrown.details)
  if (!breach.success) return undefined
  const { id, worstNano } = breach.data.budget
  const args = { budgetId: id, mayCostUsd: usdOf(worstNano) }
  return { type: 'needs_approval', reason: thrown.message, action: 'spend more than a budget has left', args, risk: 'medium' }
}

const Approved = z.object({ kind: z.literal('agent'), decision: z.literal('approve'), args: z.object({ budgetId: z.string() }) })

/** The ids of the budgets that approvers have let this step exceed. */
export function approvedBudgets({ params }: ExecuteRequest): string[] {
  const decisions = Array.isArray(params.approvals) ? params.approvals : []
  return decisions.flatMap((decision) => Approved.safeParse(decision).data?.args.budgetId ?? [])
}
