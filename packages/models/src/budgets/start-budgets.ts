import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '@weft/database'
import { processLife } from '../attempt/call-id.ts'
import type { AccountKey } from './budget-bank.ts'
import { createBudgetBook } from './budget-book.ts'
import type { BudgetStore } from './budget-store.ts'
import { createBudgetGate, type SpendingGate } from './create-budget-gate.ts'
import { createHeldPortions } from './held-portions.ts'
import { createPostgresBudgetBank } from './postgres-budget-bank.ts'
import { createPostgresBudgets } from './postgres-budgets.ts'

/** The budgets as one process sees them. */
export interface Budgets {
  gate: SpendingGate
  store: BudgetStore
  /** This life of the process, under which its portions are held and its calls recorded. */
  holder: string
  /** Has the next call of the tenant see what was just put or removed. */
  forget(tenant: string): void
  /** Gives back what is not needed by calls under way. */
  stop(): Promise<void>
}

export interface BudgetsOptions {
  database: Pick<Database, 'db'>
  logger: { warn(message: string, facts?: Record<string, unknown>): unknown }
  /** Default: this life of the process, which the ids of its calls tell. */
  holder?: string | undefined
  /** A process that is silent for so long is taken for dead; default 15 s. */
  leaseMs?: number | undefined
}

const leaseMsUsual = 15_000
const renewEveryMs = 1_000
const releaseEveryMs = 5_000
/** The journal of a process that died is found within seconds of the next one’s start on its machine; after this time its machine is gone too. */
const silentMs = 300_000
/** A budget that is used up is told of once; asking again and again would be work for nothing. */
const fullEveryMs = 10_000
const fullKnownMax = 10_000

/** Bounds what is spent in this process together with all others on the same database. Reads nothing before the first call. */
export function startBudgets({ database, logger, holder = processLife, leaseMs = leaseMsUsual }: BudgetsOptions): Budgets {
  const store = createPostgresBudgets(database)
  // Periods go by the clock, as in the ledger; what lasts so long does so whatever the clock is set to.
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
      // What is not given back now is when the holder is released.
      await portions.renew(true).catch(() => undefined)
    },
  }
}

/** Does it again and again, one after the other; only the first of several failures in a row is told. */
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
    const name = `${budgetId}@${periodStartMs}`
    const nowMs = performance.now()
    if (nowMs - (toldAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < everyMs) return
    if (toldAtMs.size >= fullKnownMax) toldAtMs.clear()
    toldAtMs.set(name, nowMs)
    // The call is refused all the same; the next refusal tells again.
    tell({ budgetId, periodStartMs }).catch(() => toldAtMs.delete(name))
  }
}
