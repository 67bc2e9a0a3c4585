import { portionOf } from '../core/escrow.ts'
import type { AccountKey, BudgetBank, PortionAnswer } from '../budget-bank.ts'

interface Account {
  limitNano: number
  spentNano: number
  leasedNano: number
  leases: Map<string, { amountNano: number; grantedNano: number; returnedNano: number }>
}

/** The accounts as the database keeps them, in memory and at once: what the functions of migration 0013 do is what this does. */
export interface ModelBank extends BudgetBank {
  account(key: AccountKey): Account
  /** The ledger records what a call of the holder has cost. */
  count(key: AccountKey, holder: string, costNano: number): void
  /** The holder says no word any more. */
  silence(holder: string): void
}

/** Whoever lives is heard so often. */
const heardWithinMs = 1_000

export function createModelBank(limitOf: (budgetId: string) => number): ModelBank {
  const accounts = new Map<string, Account>()
  const silent = new Set<string>()

  function account({ budgetId, periodStartMs }: AccountKey): Account {
    const key = `${budgetId}@${periodStartMs}`
    const known = accounts.get(key) ?? { limitNano: limitOf(budgetId), spentNano: 0, leasedNano: 0, leases: new Map() }
    accounts.set(key, known)
    return known
  }

  return {
    account,
    async take(holder, asks) {
      const judged = asks.map((ask) => {
        const { limitNano, spentNano, leasedNano } = account(ask)
        const roomNano = limitNano - spentNano - leasedNano
        return { ...ask, roomNano, portionNano: portionOf({ ...ask, roomNano }) }
      })
      const isGranted = judged.every(({ portionNano }) => portionNano !== undefined)
      const answers = judged.map(({ portionNano = 0, ...ask }): PortionAnswer => {
        if (!isGranted) return { ...ask, grantedNano: 0 }
        const from = account(ask)
        const lease = leaseOf(from, holder)
        from.leasedNano += portionNano
        lease.amountNano += portionNano
        lease.grantedNano += portionNano
        return { ...ask, grantedNano: lease.grantedNano }
      })
      return { isGranted, answers }
    },
    async renew(holder, returned) {
      for (const { totalNano, ...key } of returned) {
        const from = account(key)
        const lease = from.leases.get(holder)
        if (lease === undefined) continue
        const amount = Math.min(lease.amountNano, Math.max(0, totalNano - lease.returnedNano))
        lease.amountNano -= amount
        lease.returnedNano = Math.max(lease.returnedNano, totalNano)
        from.leasedNano -= amount
      }
      return [...accounts].flatMap(([key, { leases }]) => {
        const [budgetId = '', start] = key.split('@')
        const lease = leases.get(holder)
        return lease === undefined ? [] : [{ budgetId, periodStartMs: Number(start), totalNano: lease.grantedNano }]
      })
    },
    async silent(holder, keys, silentMs) {
      const isSilent = (other: string) => other !== holder && (silentMs < heardWithinMs || silent.has(other))
      return keys.map((key) => ({ ...key, totalNano: heldBy(account(key), isSilent) }))
    },
    silence: (holder) => void silent.add(holder),
    async release(holder) {
      for (const from of accounts.values()) {
        from.leasedNano -= from.leases.get(holder)?.amountNano ?? 0
        from.leases.delete(holder)
      }
    },
    count(key, holder, costNano) {
      const from = account(key)
      const lease = from.leases.get(holder)
      const held = Math.min(lease?.amountNano ?? 0, costNano)
      if (lease !== undefined) lease.amountNano -= held
      from.spentNano += costNano
      from.leasedNano -= held
    },
  }
}

function leaseOf(from: Account, holder: string) {
  const lease = from.leases.get(holder) ?? { amountNano: 0, grantedNano: 0, returnedNano: 0 }
  from.leases.set(holder, lease)
  return lease
}

function heldBy({ leases }: Account, isHolder: (holder: string) => boolean): number {
  return [...leases].reduce((sum, [holder, { amountNano }]) => sum + (isHolder(holder) ? amountNano : 0), 0)
}
