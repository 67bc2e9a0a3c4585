import { type Budget, holdsFor, type Spender } from './core/budget.ts'

/** Remembers which budgets there are, so that not every call asks the database. */
export interface BudgetBook {
  /** The budgets that bound this spender; not a promise when the tenant's were read lately. Throws when they cannot be read. */
  find(spender: Spender): Budget[] | Promise<Budget[]>
  /** Has the tenant's budgets read again at its next call. */
  forget(tenant: string): void
}

/** How long an entry is used: within this time a budget that is set or removed by another process counts here too. */
const usableMs = 3_000
/** An entry older than this is read again while the call goes on with it, so that a busy tenant never waits. */
const refreshAfterMs = 1_000
const tenantsMax = 10_000

interface Entry {
  budgets: Budget[]
  readAtMs: number
  isReading: boolean
}

export function createBudgetBook(load: (tenant: string) => Promise<Budget[]>, nowMs: () => number): BudgetBook {
  const entries = new Map<string, Entry>()
  const reading = new Map<string, Promise<Budget[]>>()

  function read(tenant: string): Promise<Budget[]> {
    const underway = reading.get(tenant)
    if (underway !== undefined) return underway
    const readAtMs = nowMs()
    const budgets = load(tenant)
      .then((found) => {
        if (reading.get(tenant) === budgets) remember(tenant, { budgets: found, readAtMs, isReading: false })
        return found
      })
      .finally(() => {
        if (reading.get(tenant) === budgets) reading.delete(tenant)
      })
    reading.set(tenant, budgets)
    return budgets
  }

  function remember(tenant: string, entry: Entry): void {
    entries.delete(tenant)
    const oldest = entries.size >= tenantsMax ? entries.keys().next().value : undefined
    if (oldest !== undefined) entries.delete(oldest)
    entries.set(tenant, entry)
  }

  function refresh(tenant: string, entry: Entry): void {
    if (entry.isReading) return
    entry.isReading = true
    read(tenant).catch(() => {
      entry.isReading = false
    })
  }

  return {
    find(spender) {
      const { tenant } = spender
      const entry = entries.get(tenant)
      const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : nowMs() - entry.readAtMs
      const bounding = (budgets: Budget[]) => budgets.filter((budget) => holdsFor(budget, spender))
      if (entry === undefined || ageMs >= usableMs) return read(tenant).then(bounding)
      if (ageMs >= refreshAfterMs) refresh(tenant, entry)
      return bounding(entry.budgets)
    },
    forget(tenant) {
      entries.delete(tenant)
      reading.delete(tenant)
    },
  }
}
