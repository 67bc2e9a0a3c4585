import { ModelError } from '../model-error.ts'
import type { Reservation } from '../attempt/call-controls.ts'
import { usdText } from './core/describe-breach.ts'
import { emptyPortion, reserveAll, settleAll, shortOf } from './core/escrow.ts'
import { nanoUsd } from './core/nano-usd.ts'
import { type BoundedCall, outputTokensWithin, worstCaseNano } from './core/worst-case.ts'

/** What one piece of work may cost, all its calls together. */
export interface SpendingLimit {
  /** Sets the call's worst case aside, with a shorter answer where it must be. Throws ModelError `budget_exceeded`. */
  reserve(call: BoundedCall): Reservation
}

/** A limit of its own for a step of a plan: its calls share it, also those that run at once. */
export function createSpendingLimit(limitUsd: number): SpendingLimit {
  const limitNano = nanoUsd(limitUsd)
  const portion = { ...emptyPortion(), heldNano: limitNano }

  function exceeded(worstNano: number | undefined): ModelError {
    const left = `${usdText(Math.max(0, portion.heldNano - portion.reservedNano))} of ${usdText(limitNano)} left`
    const why =
      worstNano === undefined
        ? 'nobody can say what this call costs: its model has no price in the registry'
        : `this call may cost ${usdText(worstNano)}`
    return new ModelError('budget_exceeded', `The step has ${left}, and ${why}.`, { isRetryable: false })
  }

  return {
    reserve(call) {
      const worstNano = worstCaseNano(call)
      if (worstNano === undefined) throw exceeded(undefined)
      const isWhole = shortOf(portion, worstNano) === 0
      const outputTokensMax = isWhole ? undefined : outputTokensWithin(call, Math.max(0, portion.heldNano - portion.reservedNano))
      if (!isWhole && outputTokensMax === undefined) throw exceeded(worstNano)
      const reservedNano = worstCaseNano(call, outputTokensMax) ?? worstNano
      reserveAll([portion], reservedNano)
      let isOpen = true
      const end = (costNano: number) => {
        if (isOpen) settleAll([portion], { reservedNano, costNano })
        isOpen = false
      }
      return { outputTokensMax, settle: (costUsd) => end(nanoUsd(costUsd)), release: () => end(0) }
    },
  }
}
