import { type AccountKey, accountName, type BudgetBank, type PortionAnswer, type PortionTotal } from './budget-bank.ts'
import type { Budget } from './core/budget.ts'
import { periodAt } from './core/budget-period.ts'
import { emptyPortion, giveBack, noteGranted, type Portion, reserve, reserveAll, settleAll, shortOf } from './core/escrow.ts'

/** This process's portion of one budget in one period. */
export interface HeldPortion extends AccountKey {
  portion: Portion
  endMs: number | undefined
  /** The total given back, as the bank last heard it. */
  toldNano: number
}

/** What this process holds of all budgets. It spends from that without waiting, asks the bank for more, and gives back what it does not need. */
export interface HeldPortions {
  of(budgets: readonly Budget[], atMs: number): HeldPortion[]
  /** Sets the amount aside in all portions, or in none, from what they hold. Answers whether it did. */
  draw(held: readonly HeldPortion[], amountNano: number): boolean
  /** As `draw`, but takes what is missing from the bank. Answers the accounts whose room was too small; none when the amount is set aside. */
  take(held: readonly HeldPortion[], amountNano: number): Promise<PortionAnswer[]>
  /** What other processes that were silent for `silentMs` hold of these budgets. */
  silent(held: readonly HeldPortion[], silentMs: number): Promise<PortionTotal[]>
  settle(held: readonly HeldPortion[], call: { reservedNano: number; costNano: number }): void
  /** Tells the bank that this process lives, and gives back what was not needed since the last time; with `isLast` everything that is idle. */
  renew(isLast?: boolean): Promise<void>
}

/** A call asks the bank for as much as this many further calls would need, so that those need not ask. */
const callsAhead = 64
/** When a portion is given back, so many calls as large as the largest since the last time stay held. */
const callsKept = 16
/** How long a portion is kept after the end of its period, for calls that began in it. */
const keptMs = 86_400_000

interface HeldPortionsOptions {
  bank: BudgetBank
  /** Unique to this life of the process. */
  holder: string
  /** How long the bank takes this process for alive without hearing of it. */
  leaseMs: number
  nowMs: () => number
  /** A clock that nobody can set, so that a lease gets neither longer nor shorter. */
  steadyMs: () => number
}

export function createHeldPortions(options: HeldPortionsOptions): HeldPortions {
  const keeper: Keeper = { ...options, portions: new Map(), liveUntilMs: 0 }
  let last: Promise<unknown> = Promise.resolve()

  /** Runs one statement at a time, so that an answer is never older than what is known already. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = last.then(act, act)
    last = turn
    return turn
  }

  return {
    of: (budgets, atMs) => budgets.map((budget) => portionFor(keeper, budget, atMs)),
    draw: (held, amountNano) => draw(keeper, held, amountNano),
    take: (held, amountNano) => inTurn(() => take(keeper, held, amountNano)),
    silent: (held, silentMs) => options.bank.silent(options.holder, held.map(keyIn), silentMs),
    settle: (held, call) => settleAll(held.map(portionIn), call),
    async renew(isLast = false) {
      if (keeper.portions.size > 0) await inTurn(() => renew(keeper, isLast))
    },
  }
}

interface Keeper extends HeldPortionsOptions {
  portions: Map<string, HeldPortion>
  /** Until then, by `steadyMs`, the bank takes this process for alive. */
  liveUntilMs: number
}

function portionFor({ portions }: Keeper, { id, period }: Budget, atMs: number): HeldPortion {
  const { startMs, endMs } = periodAt(period, atMs)
  const key = { budgetId: id, periodStartMs: startMs }
  const known = portions.get(accountName(key))
  if (known !== undefined) return known
  const held = { ...key, endMs, portion: emptyPortion(), toldNano: 0 }
  portions.set(accountName(key), held)
  return held
}

function draw({ steadyMs, liveUntilMs }: Keeper, held: readonly HeldPortion[], amountNano: number): boolean {
  return steadyMs() < liveUntilMs && reserveAll(held.map(portionIn), amountNano)
}

async function take(keeper: Keeper, held: readonly HeldPortion[], amountNano: number): Promise<PortionAnswer[]> {
  const { bank, holder, steadyMs } = keeper
  if (steadyMs() >= keeper.liveUntilMs) await renew(keeper, false)
  if (draw(keeper, held, amountNano)) return []
  const asks = held.flatMap(({ budgetId, periodStartMs, portion }) => {
    const needNano = shortOf(portion, amountNano)
    return needNano === 0 ? [] : [{ budgetId, periodStartMs, needNano, mostNano: needNano + callsAhead * amountNano }]
  })
  const askedAtMs = steadyMs()
  const { isGranted, answers } = await bank.take(holder, asks)
  noteAlive(keeper, askedAtMs)
  if (!isGranted) return answers.filter(({ roomNano, ...key }) => roomNano < neededOf(asks, key))
  for (const answer of answers) {
    const found = held.find((each) => isSame(each, answer))
    if (found !== undefined) noteGranted(found.portion, answer.grantedNano)
  }
  // Whatever each portion holds now: a budget that was removed meanwhile grants nothing, but does not bound the call either.
  for (const { portion } of held) reserve(portion, amountNano)
  return []
}

async function renew(keeper: Keeper, isLast: boolean): Promise<void> {
  const { portions, bank, holder, nowMs, steadyMs, leaseMs } = keeper
  const atMs = nowMs()
  const askedAtMs = steadyMs()
  const isInUse = [...portions.values()].some(({ portion }) => portion.reservedNano > 0 || portion.largestNano > 0)
  const returned = [...portions.values()].flatMap((held) => {
    const { portion, budgetId, periodStartMs, endMs } = held
    const isOver = isLast || (endMs !== undefined && atMs >= endMs)
    const totalNano = giveBack(portion, isOver ? 0 : callsKept * portion.largestNano)
    portion.largestNano = 0
    return totalNano === held.toldNano ? [] : [{ budgetId, periodStartMs, totalNano }]
  })
  const isFresh = keeper.liveUntilMs - askedAtMs > leaseMs / 2
  // A process in use tells each time that it lives: others that lack room wait for a silent one to be released.
  if (returned.length === 0 && isFresh && !isInUse && !isLast) return
  const granted = await bank.renew(holder, returned)
  noteAlive(keeper, askedAtMs)
  for (const total of returned) {
    const held = portions.get(accountName(total))
    if (held !== undefined) held.toldNano = total.totalNano
  }
  const known = new Map(granted.map((total) => [accountName(total), total.totalNano]))
  for (const [name, held] of portions) {
    if (isToBeForgotten(held, known.get(name), atMs)) portions.delete(name)
    else noteGranted(held.portion, known.get(name) ?? 0)
  }
}

/** Whether a portion is no longer needed: its period is long over, or the bank does not know it, since its budget was removed or this process was taken for dead. */
function isToBeForgotten({ portion, endMs }: HeldPortion, grantedNano: number | undefined, atMs: number): boolean {
  if (grantedNano === undefined && portion.grantedNano > 0) return true
  return endMs !== undefined && atMs > endMs + keptMs
}

/** The lease is reckoned from before the bank was asked, so that it ends here before it ends at the bank. */
function noteAlive(keeper: Keeper, askedAtMs: number): void {
  keeper.liveUntilMs = Math.max(keeper.liveUntilMs, askedAtMs + keeper.leaseMs)
}

function keyIn({ budgetId, periodStartMs }: AccountKey): AccountKey {
  return { budgetId, periodStartMs }
}

function portionIn({ portion }: HeldPortion): Portion {
  return portion
}

function neededOf(asks: ({ needNano: number } & AccountKey)[], key: AccountKey): number {
  return asks.find((ask) => isSame(ask, key))?.needNano ?? 0
}

function isSame(left: AccountKey, right: AccountKey): boolean {
  return left.budgetId === right.budgetId && left.periodStartMs === right.periodStartMs
}
