import type { BudgetState, BudgetStore } from '@weft/models'

export function createMemoryBudgets(): Pick<BudgetStore, 'list' | 'find' | 'put' | 'remove'> {
  const budgets = new Map<string, BudgetState>()
  return {
    list: async (tenant) => [...budgets.values()].filter((budget) => budget.tenant === tenant || budget.scope === 'service'),
    find: async (id) => budgets.get(id),
    async put(tenant, { scope, id = '', period, limitUsd, onBreach }) {
      const key = [tenant, scope, id, period].join('/')
      const account = { spentNano: 1_500_000_000, reservedNano: 0, startMs: Date.UTC(2026, 10), endMs: Date.UTC(2026, 11) }
      const made = { id: key, tenant, scope, scopeId: id, period, limitNano: limitUsd * 1e9, onBreach, ...account }
      budgets.set(key, made)
      return made
    },
    remove: async (id) => budgets.delete(id),
  }
}
