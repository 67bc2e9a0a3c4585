import type { PartCosts } from './part-costs.ts'

/**
 * What a search may go without; words are always searched. The more worth first, by what docs/evaluation.md measured: vectors bring the first ten results .04 to
 * .11 nDCG; reranking halves what the first twenty miss (reference figures of contextual retrieval); hops find more of what several
 * passages say together and cost the first passage .04.
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
  /** Does a part, or answers undefined when the time left is not enough for it: what the parts of more worth usually take is kept for them. */
  spend<T>(part: SearchPart, run: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>
  /** The parts that were left out, each with the reason. */
  readonly skipped: string[]
}

export function createSearchBudget({ budgetMs, wanted, costs, nowMs }: BudgetOptions): SearchBudget {
  const startedMs = nowMs()
  const toCome = new Set(byWorth.filter((part) => wanted[part] !== undefined))
  const skipped: string[] = []
  const costOf = (part: SearchPart) => costs.estimateMs(wanted[part] ?? part)

  /** What was told to stop did not take as long as it takes. */
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
      // How much longer it would have taken is not known: at least as long again, so that the next search may leave it out at once.
      costs.note(wanted[part] ?? part, leftMs * 2)
      skipped.push(`${part}: it was not done within the ${leftMs} ms left for it`)
      return undefined
    },
  }
}

type Done<T> = { isDone: true; result: T } | { isDone: false }

/** What is late is told to stop, and whatever becomes of it is nobody's. */
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
