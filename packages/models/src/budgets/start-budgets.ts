import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '@weft/database'
import { processLife } from '../attempt/call-id.ts'
import { type AccountKey, accountName } from './budget-bank.ts'
import { createBudgetBook } from './budget-book.ts'
import type { BudgetStore } from './budget-store.ts'
import { createBudgetGate, type SpendingGate } from './create-budget-gate.ts'
import { createHeldPortions } from './held-portions.ts'
import { createPostgresBudgetBank } from './postgres-budget-bank.ts'
import { createPostgresBudgets } from './postgres-budgets.ts'

/** The budgets, as one process uses them. */
export interface Budgets {
  gate: SpendingGate
  store: BudgetStore
  /** The process life under which portions are held and calls recorded. */
  holder: string
  /** Has the next call of the tenant see a budget that was just set or removed. */
  forget(tenant: string): void
  /** Ends the renewals, and gives back what calls under way do not need. */
  stop(): Promise<void>
}

export interface BudgetsOptions {
  database: Pick<Database, 'db'>
  logger: { warn(message: string, facts?: Record<string, unknown>): unknown }
  /** Default: the life of this process, which the ids of its calls name. */
  holder?: string | undefined
  /** How long a process may be silent before it is taken for dead; default 15,000. */
  leaseMs?: number | undefined
}

const leaseMsUsual = 15_000
const renewEveryMs = 1_000
const releaseEveryMs = 5_000
/** After this long a silent process is released even if its calls were not recorded: the next process on its machine would have found its journal within seconds. */
const silentMs = 300_000
/** The database notes only once that a budget is used up, so it is not asked to at every call. */
const fullEveryMs = 10_000
const fullKnownMax = 10_000

/** Bounds what this process and all others on the same database spend together. Reads nothing before the first call. */
export function startBudgets({ database, logger, holder = processLife, leaseMs = leaseMsUsual }: BudgetsOptions): Budgets {
  const store = createPostgresBudgets(database)
  // Periods go by the clock, as in the ledger. Durations are measured by one that nobody can set.
  const clocks = { nowMs: Date.now, steadyMs: () => performance.now() }
  const book = createBudgetBook(store.bounding, clocks.steadyMs)
  const bank = createPostgresBudgetBank(database, leaseMs)
  const portions = createHeldPortions({ bank, holder, leaseMs, ...clocks })
  const gate = createBudgetGate({
    book,
    portions,
    ...clocks,
    sleep: (ms, signal) => sleep(ms, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) }),
    onFull: oncePer(fullEveryMs, (account) => bank.noteFull(account)),
  })
  const warn = (what: string) => (cause: unknown) => logger.warn(what, { cause: String(cause) })
  const renewing = repeat(renewEveryMs, () => portions.renew(), warn('what budgets have given to this process was not renewed'))
  const releasing = repeat(releaseEveryMs, () => bank.releaseDead(silentMs), warn('what dead processes held was not released'))
  return {
    gate,
    store,
    holder,
    forget: book.forget,
    async stop() {
      await Promise.all([renewing.stop(), releasing.stop()])
      // If this fails, it is given back when the holder is released as a dead one.
      await portions.renew(true).catch(() => undefined)
    },
  }
}

/** Acts again and again, never twice at once. Of several failures in a row only the first is reported. */
function repeat(everyMs: number, act: () => Promise<unknown>, onFailure: (cause: unknown) => void): { stop(): Promise<void> } {
  let failures = 0
  let last: Promise<void> = Promise.resolve()
  let isBusy = false

  async function once(): Promise<void> {
    isBusy = true
    try {
      await act()
      failures = 0
    } catch (cause) {
      failures += 1
      if (failures === 1) onFailure(cause)
    } finally {
      isBusy = false
    }
  }

  const timer = setInterval(() => {
    if (!isBusy) last = once()
  }, everyMs)
  timer.unref()
  return {
    stop() {
      clearInterval(timer)
      return last
    },
  }
}

function oncePer(everyMs: number, tell: (account: AccountKey) => Promise<void>): (account: AccountKey) => void {
  const toldAtMs = new Map<string, number>()
  return ({ budgetId, periodStartMs }) => {
    const name = accountName({ budgetId, periodStartMs })
    const nowMs = performance.now()
    if (nowMs - (toldAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < everyMs) return
    if (toldAtMs.size >= fullKnownMax) toldAtMs.clear()
    toldAtMs.set(name, nowMs)
    // The call is refused all the same; the next refused call tells again.
    tell({ budgetId, periodStartMs }).catch(() => toldAtMs.delete(name))
  }
}
