import { WeftError } from '@weft/contracts'
import { ModelError } from '../model-error.ts'
import type { Reservation } from '../attempt/call-controls.ts'
import type { AccountKey } from './budget-bank.ts'
import type { BudgetBook } from './budget-book.ts'
import type { Budget, Spender } from './core/budget.ts'
import { describeBreach, describeBudget, type Shortage, strictest } from './core/describe-breach.ts'
import { shortOf } from './core/escrow.ts'
import { nanoUsd } from './core/nano-usd.ts'
import { type BoundedCall, outputTokensWithin, worstCaseNano } from './core/worst-case.ts'
import type { HeldPortion, HeldPortions } from './held-portions.ts'

/** A call that is to be paid for. */
export interface BudgetedCall extends BoundedCall {
  model: BoundedCall['model'] & { id: string }
  scope: Spender
  approvedBudgets?: readonly string[] | undefined
  /** Refuses the call when a budget that degrades has no room for the whole answer: the caller has something better to try than a shorter answer. */
  mustBeWhole?: boolean | undefined
  /** Aborting it ends the wait for room. */
  signal?: AbortSignal | undefined
}

/**
 * Sets the worst case of a call aside in every budget that bounds it. Throws ModelError: `budget_exceeded`; `rate_limit_exceeded` after waiting in vain;
 * `ledger_unavailable` when budgets cannot be looked up; `cancelled`.
 */
export interface SpendingGate {
  reserve(call: BudgetedCall): Reservation | Promise<Reservation>
}

export interface BudgetGateOptions {
  book: Pick<BudgetBook, 'find'>
  portions: HeldPortions
  nowMs: () => number
  /** A clock that nobody can set, to measure how long calls wait. */
  steadyMs: () => number
  /** How long a call waits for a budget that throttles, or for what a process holds that may be dead; default 10,000. */
  patienceMs?: number
  /** Rejects when the signal aborts. */
  sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>
  /** Told the account of every call that found no room. */
  onFull?: ((account: AccountKey) => void) | undefined
}

const patienceMsDefault = 10_000
/** How many calls may wait at the same time; a further one is refused without waiting. */
const waitingMax = 256
const firstWaitMs = 50
const waitMsMax = 500

const unbounded: Reservation = { settle: () => undefined, release: () => undefined }

/** Lets a call through when every budget that bounds it has room for its worst case. While this process holds enough of them, nothing is waited for. */
export function createBudgetGate(options: BudgetGateOptions): SpendingGate {
  const gate: Gate = { ...options, waiting: 0 }
  return {
    reserve(call) {
      const budgets = find(options.book, call.scope)
      return budgets instanceof Promise
        ? budgets.then((found) => reserveWithin(gate, call, found))
        : reserveWithin(gate, call, budgets)
    },
  }
}

interface Gate extends BudgetGateOptions {
  /** Calls that wait for room. */
  waiting: number
}

function reserveWithin(gate: Gate, call: BudgetedCall, bounding: Budget[]): Reservation | Promise<Reservation> {
  const budgets = call.approvedBudgets === undefined ? bounding : bounding.filter((budget) => !isExceedable(budget, call))
  if (budgets.length === 0) return unbounded
  const worstNano = worstCaseNano(call)
  if (worstNano === undefined) throw unpriced(call, budgets)
  if (worstNano === 0) return unbounded
  const held = gate.portions.of(budgets, gate.nowMs())
  if (gate.portions.draw(held, worstNano)) return hold(gate, held, worstNano)
  return acquire(gate, { call, budgets, held, worstNano })
}

/** Whether a person has let the call exceed this budget. Its cost is counted in the budget all the same. */
function isExceedable({ id, onBreach }: Budget, { approvedBudgets }: BudgetedCall): boolean {
  return onBreach === 'ask' && approvedBudgets?.includes(id) === true
}

async function acquire(gate: Gate, wanted: Wanted): Promise<Reservation> {
  const { nowMs, steadyMs, patienceMs = patienceMsDefault } = gate
  const beganMs = steadyMs()
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, waitMsMax)) {
    const shortages = await take(gate, wanted, wanted.worstNano)
    const worst = strictest(shortages)
    if (worst === undefined) return hold(gate, wanted.held, wanted.worstNano)
    noteFull(gate, wanted, worst)
    const shorter = await shorten(gate, wanted, { worst, shortages })
    if (shorter !== undefined) return shorter
    const waitedMs = steadyMs() - beganMs
    const mayFind = await mayFindRoom(gate, wanted, { worst, shortages, waitedMs })
    if (!mayFind || waitedMs + waitMs > patienceMs || gate.waiting >= waitingMax)
      throw refusal(wanted, { worst, shortages, mayFind, atMs: nowMs() })
    await wait(gate, wanted.call, waitMs)
  }
}

interface Lack {
  /** The strictest of the shortages, which decides. */
  worst: Shortage
  shortages: Shortage[]
}

/**
 * Whether waiting may help: the budget throttles, or all that is lacking is held by processes that have been silent since the call came. A process that lives
 * speaks within a second or two; what a dead one held becomes free once its calls are recorded.
 */
async function mayFindRoom(
  { portions }: Gate,
  { call, held, worstNano }: Wanted,
  { worst, shortages, waitedMs }: Lack & { waitedMs: number },
): Promise<boolean> {
  const { onBreach } = worst.budget
  if (onBreach === 'throttle') return true
  if (onBreach === 'degrade' && call.mustBeWhole === true) return false
  const lacking = held.filter(({ budgetId }) => shortages.some(({ budget }) => budget.id === budgetId))
  const silent = await portions.silent(lacking, waitedMs).catch((cause: unknown) => {
    throw unreachable(cause)
  })
  const silentOf = ({ budget }: Shortage) => silent.find(({ budgetId }) => budgetId === budget.id)?.totalNano ?? 0
  return shortages.every((shortage) => shortage.leftNano + silentOf(shortage) >= worstNano)
}

function noteFull({ onFull }: Gate, { held }: Wanted, { budget }: Shortage): void {
  const account = held.find(({ budgetId }) => budgetId === budget.id)
  if (account !== undefined) onFull?.(account)
}

async function wait(gate: Gate, { signal, model }: BudgetedCall, ms: number): Promise<void> {
  gate.waiting += 1
  try {
    await gate.sleep(ms * (1 + gate.waiting / waitingMax), signal)
  } catch (cause) {
    throw new ModelError('cancelled', `the call to ${model.id} was cancelled while it waited for room in a budget`, { cause })
  } finally {
    gate.waiting -= 1
  }
}

/** Reserves the same call with a shorter answer that fits into what is left, when the budget degrades. */
async function shorten(gate: Gate, wanted: Wanted, { worst, shortages }: Lack): Promise<Reservation | undefined> {
  if (worst.budget.onBreach !== 'degrade' || wanted.call.mustBeWhole === true) return undefined
  const leftNano = leastLeft(shortages)
  const outputTokensMax = outputTokensWithin(wanted.call, leftNano)
  if (outputTokensMax === undefined) return undefined
  const amountNano = worstCaseNano(wanted.call, outputTokensMax) ?? leftNano
  if ((await take(gate, wanted, amountNano)).length > 0) return undefined
  return { ...hold(gate, wanted.held, amountNano), outputTokensMax }
}

function leastLeft(shortages: Shortage[]): number {
  return Math.min(...shortages.map(({ leftNano }) => leftNano))
}

async function take({ portions }: Gate, { budgets, held }: Wanted, amountNano: number): Promise<Shortage[]> {
  const answers = await portions.take(held, amountNano).catch((cause: unknown) => {
    throw unreachable(cause)
  })
  return answers.flatMap(({ budgetId, roomNano }) => {
    const budget = budgets.find(({ id }) => id === budgetId)
    const own = held.find((each) => each.budgetId === budgetId)
    if (budget === undefined || own === undefined) return []
    return [{ budget, leftNano: roomNano + amountNano - shortOf(own.portion, amountNano), renewsAtMs: own.endMs }]
  })
}

function hold({ portions }: Gate, held: readonly HeldPortion[], reservedNano: number): Reservation {
  let isOpen = true
  const end = (costNano: number) => {
    if (isOpen) portions.settle(held, { reservedNano, costNano })
    isOpen = false
  }
  return { settle: (costUsd) => end(nanoUsd(costUsd)), release: () => end(0) }
}

interface Wanted {
  call: BudgetedCall
  budgets: Budget[]
  held: HeldPortion[]
  worstNano: number
}

function find(book: BudgetGateOptions['book'], scope: Spender): Budget[] | Promise<Budget[]> {
  const found = book.find(scope)
  return found instanceof Promise
    ? found.catch((cause: unknown) => {
        throw unreachable(cause)
      })
    : found
}

/** A call whose budgets cannot be looked up is refused: nothing is spent that cannot be counted. */
function unreachable(cause: unknown): ModelError {
  const why = cause instanceof WeftError ? cause.message : String(cause)
  return new ModelError('ledger_unavailable', `what may be spent cannot be looked up: ${why}`, { isRetryable: true, cause })
}

function refusal(wanted: Wanted, { worst, shortages, mayFind, atMs }: Lack & { mayFind: boolean; atMs: number }): ModelError {
  if (worst.budget.onBreach === 'throttle') return throttled(worst, wanted, atMs)
  return exceeded(worst, wanted, { leftNano: leastLeft(shortages), isRetryable: mayFind })
}

function exceeded(
  shortage: Shortage,
  { worstNano, call }: Wanted,
  { leftNano, isRetryable }: { leftNano: number; isRetryable: boolean },
): ModelError {
  const { budget } = shortage
  const advice = budget.onBreach === 'ask' ? ' More needs an approval.' : ''
  const { id, onBreach } = budget
  return new ModelError('budget_exceeded', describeBreach(shortage, worstNano) + advice, {
    isRetryable,
    budget: { id, onBreach, worstNano, room: { leftNano, call } },
  })
}

/** Within a minute, calls under way end and give back what they did not need. A budget may renew earlier. */
const retryAfterMsMax = 60_000

function throttled(shortage: Shortage, { worstNano }: Wanted, atMs: number): ModelError {
  const untilRenewalMs = (shortage.renewsAtMs ?? Number.POSITIVE_INFINITY) - atMs
  return new ModelError('rate_limit_exceeded', describeBreach(shortage, worstNano), {
    retryAfterMs: Math.max(1_000, Math.min(retryAfterMsMax, untilRenewalMs)),
  })
}

function unpriced({ model }: BudgetedCall, [budget]: Budget[]): ModelError {
  const message = `${model.id} has no price, so nobody can say what a call costs the ${budget === undefined ? 'budget' : describeBudget(budget)}`
  return new ModelError('budget_exceeded', `${message}; give it a price in the registry of models`, { isRetryable: false })
}
