import { emptyPortion, giveBack, noteGranted, type Portion, reserveAll, settleAll, shortOf } from '../core/escrow.ts'
import type { AccountKey } from '../budget-bank.ts'
import { createModelBank, type ModelBank } from './model-bank.ts'

/** A call as the journal of its process tells it. */
interface Call {
  keys: AccountKey[]
  worstNano: number
  costNano: number | undefined
}

interface Process {
  holder: string
  portions: Map<string, Portion>
  open: Call[]
  /** Ended, and not yet in the ledger's tables. */
  ended: Call[]
}

/** Processes that spend from common budgets, and may die: everything the escrow meets, one step at a time. */
export class SimulatedBudgets {
  readonly bank: ModelBank
  readonly keys: AccountKey[]
  private readonly processes: Process[] = []
  private readonly dead: Process[] = []
  private lives = 0
  /** What calls have really cost so far, by budget. */
  readonly costs = new Map<string, number>()
  admitted = 0

  constructor(limits: number[], processes: number) {
    this.bank = createModelBank((budgetId) => limits[Number(budgetId)] ?? 0)
    this.keys = limits.map((_, n) => ({ budgetId: String(n), periodStartMs: 0 }))
    for (let n = 0; n < processes; n += 1) this.processes.push(this.start())
  }

  private start(): Process {
    this.lives += 1
    return { holder: `life ${this.lives}`, portions: new Map(), open: [], ended: [] }
  }

  private portions(process: Process, keys: AccountKey[]): Portion[] {
    return keys.map(({ budgetId }) => {
      const portion = process.portions.get(budgetId) ?? emptyPortion()
      process.portions.set(budgetId, portion)
      return portion
    })
  }

  /** One call of some budgets; `isAnswerLost`: what was granted is not heard of. */
  async call(choice: number, { worstNano, isAnswerLost }: { worstNano: number; isAnswerLost: boolean }): Promise<void> {
    const process = this.pick(choice)
    const keys = this.keys.filter((_, n) => ((choice >> n) & 1) === 0)
    const portions = this.portions(process, keys)
    if (!reserveAll(portions, worstNano)) {
      const asks = keys.flatMap((key, n) => {
        const needNano = shortOf(portions[n] ?? emptyPortion(), worstNano)
        return needNano === 0 ? [] : [{ ...key, needNano, mostNano: needNano + 8 * worstNano }]
      })
      const { isGranted, answers } = await this.bank.take(process.holder, asks)
      if (!isGranted || isAnswerLost) return
      for (const { budgetId, grantedNano } of answers)
        noteGranted(this.portions(process, [{ budgetId, periodStartMs: 0 }])[0] ?? emptyPortion(), grantedNano)
      if (!reserveAll(portions, worstNano)) throw new Error('what was granted was not enough')
    }
    this.admitted += 1
    process.open.push({ keys, worstNano, costNano: undefined })
  }

  /** A call ends with a share of its worst case. */
  end(choice: number, share: number): void {
    const process = this.pick(choice)
    const call = process.open.splice(choice % Math.max(1, process.open.length), 1)[0]
    if (call === undefined) return
    const costNano = Math.floor(call.worstNano * share)
    call.costNano = costNano
    this.spend(call, costNano)
    settleAll(this.portions(process, call.keys), { reservedNano: call.worstNano, costNano })
    process.ended.push(call)
  }

  private spend({ keys }: Call, costNano: number): void {
    for (const { budgetId } of keys) this.costs.set(budgetId, (this.costs.get(budgetId) ?? 0) + costNano)
  }

  /** The ledger writes what has ended. */
  flush(choice: number): void {
    this.record(this.pick(choice))
  }

  private record(process: Process): void {
    for (const { keys, costNano = 0 } of process.ended.splice(0))
      for (const key of keys) this.bank.count(key, process.holder, costNano)
  }

  async tick(choice: number, isAnswerLost: boolean): Promise<void> {
    await this.renew(this.pick(choice), { keeps: choice % 2 === 0, isAnswerLost })
  }

  private async renew(process: Process, { keeps, isAnswerLost }: { keeps: boolean; isAnswerLost: boolean }): Promise<void> {
    const returned = [...process.portions].map(([budgetId, portion]) => {
      const totalNano = giveBack(portion, keeps ? portion.largestNano : 0)
      return { budgetId, periodStartMs: 0, totalNano }
    })
    const granted = await this.bank.renew(process.holder, returned)
    if (isAnswerLost) return
    for (const { budgetId, totalNano } of granted) {
      const portion = process.portions.get(budgetId)
      if (portion !== undefined) noteGranted(portion, totalNano)
    }
  }

  /** Dies between two calls or in the midst of some; what upstream does with those goes on. */
  crash(choice: number): void {
    const index = choice % this.processes.length
    const process = this.processes[index]
    if (process === undefined) return
    this.dead.push(process)
    this.processes[index] = this.start()
  }

  /** The ledger takes over the journal of a dead process: calls that had no end are put down at an estimate. */
  async adopt(share: number): Promise<void> {
    const process = this.dead.shift()
    if (process === undefined) return
    for (const call of process.open.splice(0)) {
      call.costNano = Math.floor(call.worstNano * share)
      this.spend(call, call.costNano)
      process.ended.push(call)
    }
    this.record(process)
    await this.bank.release(process.holder)
  }

  /** Everything ends, is recorded and given back. */
  async settle(): Promise<void> {
    while (this.dead.length > 0) await this.adopt(1)
    for (const [n, process] of this.processes.entries()) {
      while (process.open.length > 0) this.end(n, 1)
      this.record(process)
      // Once to hear of grants whose answer was lost, once to give them back.
      for (let round = 0; round < 2; round += 1) await this.renew(process, { keeps: false, isAnswerLost: false })
    }
  }

  /** What is really spent or may still be by calls under way, in the worst case. */
  exposure(budgetId: string): number {
    const open = [...this.processes, ...this.dead].flatMap((process) => process.open)
    const atRisk = open.filter(({ keys }) => keys.some((key) => key.budgetId === budgetId))
    return (this.costs.get(budgetId) ?? 0) + atRisk.reduce((sum, { worstNano }) => sum + worstNano, 0)
  }

  private pick(choice: number): Process {
    const process = this.processes[choice % this.processes.length]
    if (process === undefined) throw new RangeError('there is no process')
    return process
  }
}
