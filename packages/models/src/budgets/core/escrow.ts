/** What a process holds of one budget in one period, in billionths of a US dollar. */
export interface Portion {
  /** What may still be spent: what was granted, less what was given back and what calls have cost. */
  heldNano: number
  /** The part of `heldNano` that is set aside for calls under way. */
  reservedNano: number
  /** What was granted and given back in total, as the budget's account keeps it too. */
  grantedNano: number
  returnedNano: number
  /** The worst case of the largest call since the last renewal. When the rest is given back, some of these are kept. */
  largestNano: number
}

export function emptyPortion(): Portion {
  return { heldNano: 0, reservedNano: 0, grantedNano: 0, returnedNano: 0, largestNano: 0 }
}

/** How much a portion lacks for a call; 0 when the call fits. */
export function shortOf({ heldNano, reservedNano }: Portion, amountNano: number): number {
  return Math.max(0, amountNano - Math.max(0, heldNano - reservedNano))
}

/** Sets a call's worst case aside in all portions, or in none. */
export function reserveAll(portions: readonly Portion[], amountNano: number): boolean {
  if (portions.some((portion) => shortOf(portion, amountNano) > 0)) return false
  for (const portion of portions) reserve(portion, amountNano)
  return true
}

/** Sets an amount aside, also when the portion holds less. */
export function reserve(portion: Portion, amountNano: number): void {
  portion.reservedNano += amountNano
  portion.largestNano = Math.max(portion.largestNano, amountNano)
}

/** Ends a call: what was set aside is free again, less its cost. A cost above what is held takes all of it, and no more: the account does the same. */
export function settleAll(
  portions: readonly Portion[],
  { reservedNano, costNano }: { reservedNano: number; costNano: number },
): void {
  for (const portion of portions) {
    portion.reservedNano -= reservedNano
    portion.heldNano = Math.max(0, portion.heldNano - costNano)
  }
}

/** Takes over the account's total of what was granted. It may include a grant whose answer was lost on its way here. */
export function noteGranted(portion: Portion, grantedNano: number): void {
  const more = Math.max(0, grantedNano - portion.grantedNano)
  portion.heldNano += more
  portion.grantedNano += more
}

/** Gives back what is neither set aside nor to be kept. Answers the total given back: as a total, it may be told again until the account has heard it. */
export function giveBack(portion: Portion, keepNano: number): number {
  const spare = Math.max(0, portion.heldNano - portion.reservedNano - keepNano)
  portion.heldNano -= spare
  portion.returnedNano += spare
  return portion.returnedNano
}

/**
 * The shares in which a budget's room is given out. When it has room for fewer than `callsMin` calls, each grant is for one call: otherwise processes that are
 * idle would hold what others lack.
 */
const portionRule = { callsMin: 32, share: 16 } as const

/** How much of the room is given to a process that needs at least `needNano`, and wants at most `mostNano`; undefined when there is not enough. */
export function portionOf({
  roomNano,
  needNano,
  mostNano,
}: {
  roomNano: number
  needNano: number
  mostNano: number
}): number | undefined {
  if (roomNano < needNano) return undefined
  if (roomNano < portionRule.callsMin * needNano) return needNano
  return Math.max(needNano, Math.min(mostNano, Math.floor(roomNano / portionRule.share)))
}
