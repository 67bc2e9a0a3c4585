import { type BudgetBreach, describeUsd } from '@weft/contracts'
import type { Budget } from './budget.ts'
import { usdOf } from './nano-usd.ts'

/** A budget that has no room for a call, and what is left of it. */
export interface Shortage {
  budget: Budget
  leftNano: number
  /** When the budget renews; undefined: never. */
  renewsAtMs: number | undefined
}

/** The strictest first. When several budgets lack room, the strictest decides what happens. */
const strictness: BudgetBreach[] = ['reject', 'ask', 'throttle', 'degrade']

export function strictest(shortages: readonly Shortage[]): Shortage | undefined {
  const rank = ({ budget }: Shortage) => strictness.indexOf(budget.onBreach)
  return shortages.toSorted((left, right) => rank(left) - rank(right))[0]
}

/** Names the budget, its limit, what is left, what the call may cost and when there is more. */
export function describeBreach({ budget, leftNano, renewsAtMs }: Shortage, worstNano: number): string {
  const renewal = renewsAtMs === undefined ? 'It does not renew' : `It renews at ${new Date(renewsAtMs).toISOString()}`
  // Only the operator may know what all tenants together spend, so no amounts are named.
  if (budget.scope === 'service')
    return `The ${describeBudget(budget)} has no room for this call, which may cost ${usdText(worstNano)}. ${renewal}.`
  const left = `has ${usdText(Math.max(0, leftNano))} of ${usdText(budget.limitNano)} left, and this call may cost ${usdText(worstNano)}`
  return `The ${describeBudget(budget)} ${left}. ${renewal}.`
}

export function describeBudget({ scope, scopeId, period }: Budget): string {
  const whose = scopeId === '' ? `the ${scope}` : `${scope} "${scopeId}"`
  return `budget of ${whose}${period === 'total' ? '' : ` for the ${period}`}`
}

export function usdText(nano: number): string {
  return describeUsd(usdOf(nano))
}
