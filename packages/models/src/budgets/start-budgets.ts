import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '@weft/contracts'
import type { Database } from '@weft/database'
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
  /** Unique to this life of the process; default: a new id. */
  holder?: string | undefined
}

/** A process that is silent for so long is taken for dead. */
const leaseMs = 15_000
const renewEveryMs = 1_000

/** Bounds what is spent in this process together with all others on the same database. Reads nothing before the first call. */
export function startBudgets({ database, logger, holder = newId('life') }: BudgetsOptions): Budgets {
  const store = createPostgresBudgets(database)
  // A clock that is set back must not make a lease longer.
  const nowMs = () => performance.timeOrigin + performance.now()
  const book = createBudgetBook(store.bounding, nowMs)
  const portions = createHeldPortions({ bank: createPostgresBudgetBank(database, leaseMs), holder, leaseMs, nowMs })
  const gate = createBudgetGate({ book, portions, nowMs, sleep: (ms) => sleep(ms, undefined, { ref: false }) })
  let failures = 0
  let renewing: Promise<void> = Promise.resolve()

  async function renew(): Promise<void> {
    try {
      await portions.renew()
      failures = 0
    } catch (cause) {
      failures += 1
      if (failures === 1) logger.warn('what budgets have given to this process was not renewed', { cause: String(cause) })
    }
  }

  const timer = setInterval(() => {
    renewing = renewing.then(renew)
  }, renewEveryMs)
  timer.unref()
  return {
    gate,
    store,
    holder,
    forget: book.forget,
    async stop() {
      clearInterval(timer)
      await renewing
      // What is not given back now is when the holder is released.
      await portions.renew(true).catch(() => undefined)
    },
  }
}
