import { type BudgetState, usdOf } from '@weft/models'

/** A budget as the API shows it. `budgetId` is its own id, and `id` that of whom it bounds. A budget that never renews has no dates of its period. */
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
