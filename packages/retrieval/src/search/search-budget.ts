import type { PartCosts } from './part-costs.ts'

/**
 * The parts that a search can do without, the most valuable first; words are always searched. By docs/evaluation.md vectors raise nDCG@10 by .04 to .11.
 * Reranking halves what is missing from the first twenty (figures published for contextual retrieval). Hops find more of the passages that have to be read
 * together, and push the first of them down a little.
 */
const byWorth = ['vectors', 'rerank', 'hops'] as const
export type SearchPart = (typeof byWorth)[number]

export type BudgetOptions = {
  /** Undefined: every part takes the time it takes. */
  budgetMs: number | undefined
  /** The parts that this search would have, and under which name the costs of each are known. */
  wanted: Partial<Record<SearchPart, string>>
  costs: PartCosts
  nowMs(): number
}

export type SearchBudget = {
  /**
   * Runs a part. Resolves to undefined without running it when the time left is not enough, after what more valuable parts that are still to come usually take;
   * and when it was not done in time.
   */
  spend<T>(part: SearchPart, run: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>
  /** The parts that were left out, each with the reason. */
  readonly skipped: string[]
}

export function createSearchBudget({ budgetMs, wanted, costs, nowMs }: BudgetOptions): SearchBudget {
  const startedMs = nowMs()
  const toCome = new Set(byWorth.filter((part) => wanted[part] !== undefined))
  const skipped: string[] = []
  const costOf = (part: SearchPart) => costs.estimateMs(wanted[part] ?? part)

  /** Notes how long a part took, unless it was stopped before its end. */
  async function measure<T>(part: SearchPart, run: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const beganMs = nowMs()
    const result = await run(signal)
    if (!signal.aborted) costs.note(wanted[part] ?? part, nowMs() - beganMs)
    return result
  }

  return {
    skipped,
    async spend(part, run) {
      toCome.delete(part)
      if (budgetMs === undefined) return measure(part, run, new AbortController().signal)
      const ofMoreWorth = [...toCome].filter((other) => byWorth.indexOf(other) < byWorth.indexOf(part))
      const kept = ofMoreWorth.reduce((sum, other) => sum + costOf(other), 0)
      const leftMs = Math.max(0, Math.round(budgetMs - (nowMs() - startedMs) - kept))
      if (costOf(part) > leftMs) {
        skipped.push(
          `${part}: it takes about ${Math.round(costOf(part))} ms, and of ${budgetMs} ms there are ${leftMs} left for it`,
        )
        return undefined
      }
      const done = await within(leftMs, (signal) => measure(part, run, signal))
      if (done.isDone) return done.result
      // Nobody knows how long it would have taken. It is noted as twice the time it had, so that the next search may leave it out from the start.
      costs.note(wanted[part] ?? part, leftMs * 2)
      skipped.push(`${part}: it was not done within the ${leftMs} ms left for it`)
      return undefined
    },
  }
}

type Done<T> = { isDone: true; result: T } | { isDone: false }

/** Runs something for at most `ms`; later its signal aborts, and its result or failure is ignored. */
async function within<T>(ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<Done<T>> {
  const control = new AbortController()
  const late = Promise.withResolvers<Done<T>>()
  const timer = setTimeout(() => {
    late.resolve({ isDone: false })
    control.abort()
  }, ms)
  const work = run(control.signal).then((result): Done<T> => ({ isDone: true, result }))
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
    work.catch(() => undefined)
  }
}
