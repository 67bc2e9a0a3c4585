/** The account of one budget in one period. */
export interface AccountKey {
  budgetId: string
  periodStartMs: number
}

/** A text that names an account, for maps. */
export function accountName({ budgetId, periodStartMs }: AccountKey): string {
  return `${budgetId}@${periodStartMs}`
}

/** A process asks an account for at least `needNano`, and at most `mostNano`. */
export interface PortionAsk extends AccountKey {
  needNano: number
  mostNano: number
}

/** What an account answers: how much room it had, and how much it has granted to this holder in total. */
export interface PortionAnswer extends AccountKey {
  roomNano: number
  grantedNano: number
}

export interface PortionTotal extends AccountKey {
  totalNano: number
}

/** The accounts of budgets, from which many processes spend. Every method is one atomic statement. */
export interface BudgetBank {
  /** Grants what is asked from all accounts, or from none. Accounts whose budget was removed are left out of the answer. */
  take(holder: string, asks: PortionAsk[]): Promise<{ isGranted: boolean; answers: PortionAnswer[] }>
  /** Tells that the holder lives, and how much it has given back in total. Answers the totals that were granted to it. */
  renew(holder: string, returned: PortionTotal[]): Promise<PortionTotal[]>
  /** What other holders that were silent for `silentMs` hold of these accounts. Accounts of which they hold nothing may be left out. */
  silent(holder: string, accounts: AccountKey[], silentMs: number): Promise<PortionTotal[]>
  /** Gives back what a holder held that has ended, once the cost of its calls is counted. */
  release(holder: string): Promise<void>
}

/** Work on the accounts that any process may do for all. */
export interface BudgetKeeping {
  /** Releases holders that are silent once their calls are recorded, or once they were silent for `silentMs`, after which none will be. Answers which. */
  releaseDead(silentMs: number): Promise<string[]>
  /** Notes that a call found no room; if most of the budget is spent, its alert tells that it is used up. */
  noteFull(key: AccountKey): Promise<void>
}
