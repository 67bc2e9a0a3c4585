import { z } from 'zod'

/** Whose spending a budget bounds. `agent` is an agent's id; `gateway` stands for requests that go straight to a model. */
export const BudgetScope = z.enum(['service', 'tenant', 'user', 'session', 'agent'])
export type BudgetScope = z.infer<typeof BudgetScope>

/** Days and months are those of UTC. */
export const BudgetPeriod = z.enum(['day', 'month', 'total'])
export type BudgetPeriod = z.infer<typeof BudgetPeriod>

/** What becomes of a call that a budget has no room for. */
export const BudgetBreach = z.enum(['reject', 'degrade', 'throttle', 'ask'])
export type BudgetBreach = z.infer<typeof BudgetBreach>

/** Told once in a budget's period when `percent` of it is used up. 100: all is spent, or the rest is too little for a call. */
export const BudgetAlert = z.object({
  budgetId: z.string(),
  scope: BudgetScope,
  id: z.string().optional(),
  period: BudgetPeriod,
  percent: z.number(),
  limitUsd: z.number(),
  spentUsd: z.number(),
  onBreach: BudgetBreach,
})
export type BudgetAlert = z.infer<typeof BudgetAlert>

/** Budgets are counted in billionths of a dollar; a larger limit would not fit a number exactly. */
const limitUsdMax = 9_000_000

/** Body of `PUT /v1/budgets`: replaces the budget of the same scope, id and period. A limit of 0 means that nothing may be spent. */
export const PutBudget = z
  .strictObject({
    scope: BudgetScope,
    id: z.string().min(1).max(256).optional(),
    limitUsd: z.number().nonnegative('a budget is 0 or more US dollars').max(limitUsdMax),
    period: BudgetPeriod,
    onBreach: BudgetBreach.default('reject'),
  })
  .superRefine(({ scope, id }, context) => {
    const needsId = scope === 'user' || scope === 'session' || scope === 'agent'
    if (needsId && id === undefined)
      context.addIssue({ code: 'custom', path: ['id'], message: `a budget of scope "${scope}" needs the id of the ${scope}` })
    if (!needsId && id !== undefined)
      context.addIssue({ code: 'custom', path: ['id'], message: `a budget of scope "${scope}" has no id` })
  })
export type PutBudget = z.infer<typeof PutBudget>
