import { describeUsd, PutBudget } from '@weft/contracts'
import type { Command } from 'commander'
import { z } from 'zod'
import { withMesh } from './connect-mesh.ts'
import { usageError } from './explain-failure.ts'

export function registerBudgets(program: Command): void {
  const budgets = program.command('budgets').description('what may be spent (needs a key with the scope admin)')
  budgets
    .command('list', { isDefault: true })
    .description('show the budgets and what is spent of them')
    .option('--json', 'answer as JSON')
    .action((_options: unknown, command: Command) => listBudgets(command))
  budgets
    .command('set')
    .description('set or change the budget of a scope, id and period')
    .requiredOption('--scope <scope>', 'service, tenant, user, session or agent')
    .option('--id <id>', 'the user, session or agent')
    .requiredOption('--limit <usd>', 'US dollars; 0: nothing may be spent')
    .option('--period <period>', 'day, month or total', 'month')
    .option('--on-breach <action>', 'reject, degrade, throttle or ask', 'reject')
    .option('--json', 'answer as JSON')
    .action((options: SetOptions, command: Command) => setBudget(options, command))
  budgets
    .command('remove')
    .description('have a budget bound nothing any more')
    .argument('<budgetId>', 'as `weft budgets list` shows it')
    .option('--json', 'answer as JSON')
    .action((budgetId: string, _options: unknown, command: Command) => removeBudget(budgetId, command))
}

type SetOptions = { scope: string; id?: string; limit: string; period: string; onBreach: string }

const Budget = z.looseObject({
  budgetId: z.string(),
  scope: z.string(),
  id: z.string().optional(),
  limitUsd: z.number(),
  period: z.string(),
  onBreach: z.string(),
  spentUsd: z.number(),
  reservedUsd: z.number(),
})
const Page = z.object({ data: z.array(Budget) })

async function listBudgets(command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const { data } = Page.parse(await mesh.client.get('/budgets'))
    if (isJson) terminal.printJson(data)
    else if (data.length === 0) terminal.note('no budget bounds anything; weft budgets set --help says how one does')
    else for (const budget of data) terminal.print(describe(budget))
  })
}

async function setBudget(options: SetOptions, command: Command): Promise<void> {
  const body = wantedOf(options)
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const budget = Budget.parse(await mesh.client.put('/budgets', { body }))
    if (isJson) terminal.printJson(budget)
    else terminal.print(describe(budget))
  })
}

function wantedOf({ scope, id, limit, period, onBreach }: SetOptions): PutBudget {
  const limitUsd = limit.trim() === '' ? Number.NaN : Number(limit)
  const wanted = PutBudget.safeParse({ scope, ...(id === undefined ? {} : { id }), limitUsd, period, onBreach })
  if (wanted.success) return wanted.data
  const [issue] = wanted.error.issues
  const option = { limitUsd: 'limit', onBreach: 'on-breach' }[String(issue?.path[0])] ?? String(issue?.path[0])
  throw usageError(`--${option}: ${issue?.message}`)
}

async function removeBudget(budgetId: string, command: Command): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    await mesh.client.delete(`/budgets/${encodeURIComponent(budgetId)}`)
    if (isJson) terminal.printJson({ budgetId, deleted: true })
    else terminal.print(`removed ${budgetId}`)
  })
}

function describe({ budgetId, scope, id, limitUsd, period, onBreach, spentUsd, reservedUsd }: z.infer<typeof Budget>): string {
  const whose = id === undefined ? scope : `${scope} ${id}`
  const aside = reservedUsd === 0 ? '' : `, ${describeUsd(reservedUsd)} set aside`
  return `${budgetId}  ${whose.padEnd(24)}  ${period.padEnd(5)}  ${describeUsd(spentUsd)} of ${describeUsd(limitUsd)}${aside}  ${onBreach}`
}
