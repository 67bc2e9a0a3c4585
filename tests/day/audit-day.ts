import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { BilledCall } from './billing-upstream.ts'
import type { DayTenant } from './live-day.ts'
import { prices } from './plan-day.ts'

/** What does not add up, in counts and billionths of a US dollar; all zero when everything does. */
export interface Discrepancies {
  /** Calls the provider has billed that are not in the ledger, and calls of the ledger that it was not asked so often. */
  missing: number
  doubled: number
  /** Whole answers whose tokens or price differ from the provider's. */
  different: number
  /** Refused calls that cost something, and unfinished ones that are not marked as estimated. */
  wronglyPaid: number
  unmarked: number
  /** Tenants whose sums, calls as CSV and budget say different things. */
  tenantsApart: number
  overspentNano: number
  leakedNano: number
}

/** Of a day that adds up. */
export const noDiscrepancies: Readonly<Discrepancies> = {
  missing: 0,
  doubled: 0,
  different: 0,
  wronglyPaid: 0,
  unmarked: 0,
  tenantsApart: 0,
  overspentNano: 0,
  leakedNano: 0,
}

export interface Invoice {
  tenant: string
  lines: { model: string; calls: number; inputTokens: number; outputTokens: number; usd: number }[]
  totalUsd: number
  /** Of it, what was estimated because the provider told no count. */
  estimatedUsd: number
  /** What the provider bills for the calls that are completed in the ledger, and for all others. */
  upstreamCompletedUsd: number
  upstreamOthersUsd: number
}

export interface Audit {
  discrepancies: Discrepancies
  invoices: Invoice[]
  rows: number
  outcomes: Record<string, number>
}

export interface AuditOptions {
  url: string
  tenants: DayTenant[]
  billed: BilledCall[]
}

/** Compares, tenant by tenant, the ledger (its sums, and its calls as CSV), the budgets and an invoice made of the calls with the provider's own bill. */
export async function auditDay(options: AuditOptions): Promise<Audit> {
  const billedOf = Map.groupBy(options.billed, ({ id }) => Number(/^t(\d+)-/.exec(id)?.[1]))
  const audit: Audit = {
    discrepancies: { ...noDiscrepancies },
    invoices: [],
    rows: 0,
    outcomes: {},
  }
  const until = performance.now() + settleMs
  for (const [index, tenant] of options.tenants.entries()) {
    const books = await settledBooks(options.url, tenant, { billed: billedOf.get(index) ?? [], until })
    auditTenant(audit, { tenant, billed: billedOf.get(index) ?? [], ...books })
  }
  return audit
}

interface Books {
  calls: CallRow[]
  sumNano: number
  budget: Budget | undefined
}

function auditTenant(
  audit: Audit,
  { tenant, billed, calls, sumNano, budget }: Books & { tenant: DayTenant; billed: BilledCall[] },
): void {
  const { discrepancies: found, outcomes } = audit
  audit.rows += calls.length
  for (const { outcome } of calls) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  const rowsOfCall = Map.groupBy(calls, (row) => `${row.user} ${row.model}`)
  const billedOfCall = Map.groupBy(billed, ({ id, model }) => `${id} ${model}`)
  for (const [call, rows] of rowsOfCall) {
    const count = billedOfCall.get(call)?.length ?? 0
    // A call that was noted and never sent is no call too many.
    const extra = rows.filter(({ outcome }) => outcome === 'completed').length - count
    found.doubled += Math.max(0, count === 0 ? extra : rows.length - count)
  }
  for (const [call, sent] of billedOfCall) {
    const rows = rowsOfCall.get(call) ?? []
    found.missing += Math.max(0, sent.length - rows.length)
    for (const [n, each] of sent.entries()) compareCall(found, each, rows[n])
  }
  const invoice = invoiceOf(tenant.name, calls, billed)
  audit.invoices.push(invoice)
  if (!saysTheSame({ calls, sumNano, budget }) || centsOf(invoice.totalUsd) !== centsOf(sumNano / 1e9)) found.tenantsApart += 1
  if (budget === undefined) return
  found.overspentNano += Math.max(0, budget.spentNano - budget.limitNano)
  found.leakedNano += budget.reservedNano
}

function saysTheSame({ calls, sumNano, budget }: Books): boolean {
  const callsNano = sumOf(calls, ({ costUsd }) => nanoOf(costUsd))
  return callsNano === sumNano && (budget === undefined || budget.spentNano === sumNano)
}

function compareCall(found: Discrepancies, call: BilledCall, row: CallRow | undefined): void {
  if (row === undefined) return
  if (call.fate === 'refused') found.wronglyPaid += row.outcome === 'failed' && row.costUsd > 0 ? 1 : 0
  else if (row.outcome === 'completed') {
    const isSame = row.inputTokens === call.inputTokens && row.outputTokens === call.outputTokens && row.measured
    if (!isSame || nanoOf(row.costUsd) !== priceNano(call)) found.different += 1
  } else if (row.measured && nanoOf(row.costUsd) !== priceNano(call)) found.unmarked += 1
}

function invoiceOf(tenant: string, calls: CallRow[], billed: BilledCall[]): Invoice {
  const lines = [...Map.groupBy(calls, ({ model }) => model)].map(([model, own]) => ({
    model,
    calls: own.length,
    inputTokens: sumOf(own, ({ inputTokens }) => inputTokens),
    outputTokens: sumOf(own, ({ outputTokens }) => outputTokens),
    usd: sumOf(own, ({ costUsd }) => nanoOf(costUsd)) / 1e9,
  }))
  const completed = new Set(calls.flatMap(({ user, model, outcome }) => (outcome === 'completed' ? [`${user} ${model}`] : [])))
  const paid = billed.filter(({ fate }) => fate !== 'refused')
  const billedUsd = (isCompleted: boolean) =>
    sumOf(paid, (call) => (completed.has(`${call.id} ${call.model}`) === isCompleted ? priceNano(call) : 0)) / 1e9
  return {
    tenant,
    lines,
    totalUsd: sumOf(lines, ({ usd }) => usd),
    estimatedUsd: sumOf(calls, ({ measured, costUsd }) => (measured ? 0 : nanoOf(costUsd))) / 1e9,
    upstreamCompletedUsd: billedUsd(true),
    upstreamOthersUsd: billedUsd(false),
  }
}

const CallRow = z.object({
  user: z.string(),
  model: z.string(),
  outcome: z.string(),
  inputTokens: z.coerce.number(),
  outputTokens: z.coerce.number(),
  costUsd: z.coerce.number(),
  measured: z.stringbool(),
})
type CallRow = z.infer<typeof CallRow>

const Sums = z.looseObject({ data: z.array(z.looseObject({ costUsd: z.number() })) })
const Budgets = z.looseObject({
  data: z.array(z.looseObject({ limitUsd: z.number(), spentUsd: z.number(), reservedUsd: z.number() })),
})
type Budget = { limitNano: number; spentNano: number; reservedNano: number }

/** A call of a gateway that was killed is recorded by the next one, and what it held is free after its lease. */
const settleMs = 60_000

async function settledBooks(
  url: string,
  tenant: DayTenant,
  { billed, until }: { billed: BilledCall[]; until: number },
): Promise<Books> {
  for (;;) {
    const books = await readBooks(url, tenant)
    const isSettled = books.calls.length >= billed.length && (books.budget?.reservedNano ?? 0) === 0 && saysTheSame(books)
    if (isSettled || performance.now() > until) return books
    await sleep(500)
  }
}

async function readBooks(url: string, { key }: DayTenant): Promise<Books> {
  const get = (path: string) => fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } })
  const calls = CallRow.array().parse(rowsOf(await (await get('/v1/usage/calls?format=csv')).text()))
  const sums = Sums.parse(await (await get('/v1/usage?group_by=model')).json())
  const [budget] = Budgets.parse(await (await get('/v1/budgets')).json()).data
  return {
    calls,
    sumNano: sumOf(sums.data, ({ costUsd }) => nanoOf(costUsd)),
    budget: budget && {
      limitNano: nanoOf(budget.limitUsd),
      spentNano: nanoOf(budget.spentUsd),
      reservedNano: nanoOf(budget.reservedUsd),
    },
  }
}

/** No cell of this day holds a comma or a quote. */
function rowsOf(csv: string): Record<string, string>[] {
  const [head = '', ...lines] = csv.trimEnd().split('\r\n')
  const names = head.split(',')
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, column) => [names[column] ?? '', cell])))
}

function priceNano({ model, inputTokens, outputTokens }: BilledCall): number {
  const [input = 0, output = 0] = prices[model] ?? []
  return nanoOf((inputTokens * input + outputTokens * output) / 1e6)
}

function sumOf<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0)
}

function nanoOf(usd: number): number {
  return Math.round(usd * 1e9)
}

function centsOf(usd: number): number {
  return Math.round(usd * 100)
}
