import { type BudgetState, usdOf } from '@weft/models'

/** `id` is whose budget it is, `budgetId` the budget's own; one that never renews has no period’s end. */
export function budgetObject(budget: BudgetState) {
  const { id, scope, scopeId, period, limitNano, onBreach, spentNano, reservedNano, startMs, endMs } = budget
  return {
    budgetId: id,
    object: 'budget',
    scope,
    ...(scopeId === '' ? {} : { id: scopeId }),
    limitUsd: usdOf(limitNano),
    period,
    onBreach,
    spentUsd: usdOf(spentNano),
    reservedUsd: usdOf(reservedNano),
    ...(endMs === undefined ? {} : { periodStart: new Date(startMs).toISOString(), periodEnd: new Date(endMs).toISOString() }),
  }
}
