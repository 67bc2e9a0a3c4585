import { ModelError } from '../model-error.ts'
import type { Reservation, ReserveWishes } from '../attempt/call-controls.ts'
import { usdText } from './core/describe-breach.ts'
import { emptyPortion, reserveAll, settleAll, shortOf } from './core/escrow.ts'
import { nanoUsd } from './core/nano-usd.ts'
import { type BoundedCall, outputTokensWithin, worstCaseNano } from './core/worst-case.ts'

/** Bounds what one piece of work may cost, all its calls together. */
export interface SpendingLimit {
  /** Sets the call's worst case aside. When there is no room for that, it shortens the answer, unless it must be whole. Throws ModelError `budget_exceeded`. */
  reserve(call: BoundedCall & Pick<ReserveWishes, 'mustBeWhole'>): Reservation
}

/** A limit for one step of a plan. All its calls share it, also those that run at the same time. */
export function createSpendingLimit(limitUsd: number): SpendingLimit {
  const limitNano = nanoUsd(limitUsd)
  const portion = { ...emptyPortion(), heldNano: limitNano }

  const left = () => Math.max(0, portion.heldNano - portion.reservedNano)

  /** Refuses as a budget with `onBreach: degrade` does, so that a cheaper model may answer. */
  function exceeded(call: BoundedCall, worstNano: number | undefined): ModelError {
    const why =
      worstNano === undefined
        ? 'nobody can say what this call costs: its model has no price in the registry'
        : `this call may cost ${usdText(worstNano)}`
    return new ModelError('budget_exceeded', `The step has ${usdText(left())} of ${usdText(limitNano)} left, and ${why}.`, {
      isRetryable: false,
      ...(worstNano === undefined
        ? {}
        : { budget: { id: 'step', onBreach: 'degrade' as const, worstNano, room: { leftNano: left(), call } } }),
    })
  }

  return {
    reserve({ mustBeWhole, ...call }) {
      const worstNano = worstCaseNano(call)
      if (worstNano === undefined) throw exceeded(call, undefined)
      const isWhole = shortOf(portion, worstNano) === 0
      const outputTokensMax = isWhole || mustBeWhole === true ? undefined : outputTokensWithin(call, left())
      if (!isWhole && outputTokensMax === undefined) throw exceeded(call, worstNano)
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
