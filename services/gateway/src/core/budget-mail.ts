import { type BudgetAlert, describeUsd } from '@weft/contracts'
import type { Mail } from './notification-mail.ts'

/** The letter that tells how much of a budget is used up. */
export function budgetMail({ scope, id, period, percent, limitUsd, spentUsd, onBreach, budgetId }: BudgetAlert): Mail {
  const whose = (id === undefined ? `the ${scope}` : `${scope} ${id}`).replace(/\s+/g, ' ')
  const budget = `budget of ${whose}${period === 'total' ? '' : ` for the ${period}`}`
  const lines = [
    `${describeUsd(spentUsd)} of ${describeUsd(limitUsd)} of the ${budget} are spent.`,
    percent >= 100 ? `What has no room any more: ${consequences[onBreach]}.` : `When it is used up: ${consequences[onBreach]}.`,
    '',
    `Look at it: weft budgets list. It has the id ${budgetId}.`,
  ]
  return { subject: `${percent} % of the ${budget} used`.slice(0, 200), text: lines.join('\n') }
}

const consequences = {
  reject: 'calls are refused',
  degrade: 'answers get shorter, then calls are refused',
  throttle: 'calls wait, then are told to come back',
  ask: 'a person is asked',
} as const
