/** One budget in one period. */
export interface AccountKey {
  budgetId: string
  periodStartMs: number
}

export interface PortionAsk extends AccountKey {
  /** Less does not help. */
  needNano: number
  /** More is not wanted. */
  mostNano: number
}

/** What an account answers: the room there was, and the total it has granted to this holder. */
export interface PortionAnswer extends AccountKey {
  roomNano: number
  grantedNano: number
}

export interface PortionTotal extends AccountKey {
  totalNano: number
}

/** Accounts of budgets that many processes spend from. Every method is one atomic statement. */
export interface BudgetBank {
  /** Grants out of all accounts or of none; an account whose budget was removed is left out of the answer. */
  take(holder: string, asks: PortionAsk[]): Promise<{ isGranted: boolean; answers: PortionAnswer[] }>
  /** Says that the holder lives and what it has given back in total; answers the totals granted to it. */
  renew(holder: string, returned: PortionTotal[]): Promise<PortionTotal[]>
  /** What others hold of these accounts that have not said a word for so long; accounts of which they hold nothing may be left out. */
  silent(holder: string, accounts: AccountKey[], silentMs: number): Promise<PortionTotal[]>
  /** The holder is no more, and what its calls have cost is counted: what it held is given back. */
  release(holder: string): Promise<void>
}

/** What any process does for all. */
export interface BudgetKeeping {
  /** Releases holders that are silent and whose calls are recorded, and those that are silent for so long that none will be; answers which. */
  releaseDead(silentMs: number): Promise<string[]>
  /** A call had no room: tells that the budget is used up, if most of it is spent. */
  noteFull(key: AccountKey): Promise<void>
}
