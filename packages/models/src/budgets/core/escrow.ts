/** What a process holds of one budget in one period, in billionths of a US dollar. */
export interface Portion {
  /** What it may still spend: what it was granted, less what it has given back and what its calls have cost. */
  heldNano: number
  /** The part of it that is set aside for calls under way. */
  reservedNano: number
  /** Totals, as the budget's account keeps them too. */
  grantedNano: number
  returnedNano: number
  /** The largest call of late: what is kept when the rest is given back. */
  largestNano: number
}

export function emptyPortion(): Portion {
  return { heldNano: 0, reservedNano: 0, grantedNano: 0, returnedNano: 0, largestNano: 0 }
}

/** What is missing for a call; 0 when it fits. */
export function shortOf({ heldNano, reservedNano }: Portion, amountNano: number): number {
  return Math.max(0, amountNano - Math.max(0, heldNano - reservedNano))
}

/** Sets a call's worst case aside in all portions, or in none. */
export function reserveAll(portions: readonly Portion[], amountNano: number): boolean {
  if (portions.some((portion) => shortOf(portion, amountNano) > 0)) return false
  for (const portion of portions) reserve(portion, amountNano)
  return true
}

/** Sets it aside whatever there is. */
export function reserve(portion: Portion, amountNano: number): void {
  portion.reservedNano += amountNano
  portion.largestNano = Math.max(portion.largestNano, amountNano)
}

/** A call is over: what was set aside is free again, less its cost. Not more than all can be spent, as the account counts it too. */
export function settleAll(
  portions: readonly Portion[],
  { reservedNano, costNano }: { reservedNano: number; costNano: number },
): void {
  for (const portion of portions) {
    portion.reservedNano -= reservedNano
    portion.heldNano = Math.max(0, portion.heldNano - costNano)
  }
}

/** The account's total of what was granted, which may hold a grant whose answer was lost. */
export function noteGranted(portion: Portion, grantedNano: number): void {
  const more = Math.max(0, grantedNano - portion.grantedNano)
  portion.heldNano += more
  portion.grantedNano += more
}

/** Gives back what calls have not needed of late; answers the total given back, to be told until it is heard. */
export function giveBack(portion: Portion, keepNano: number): number {
  const spare = Math.max(0, portion.heldNano - portion.reservedNano - keepNano)
  portion.heldNano -= spare
  portion.returnedNano += spare
  return portion.returnedNano
}

/** The shares in which a budget is given out. Below so many calls, one call at a time: what lies idle elsewhere would be missed. */
const portionRule = { callsMin: 32, share: 16 } as const

/** How much of the room is given out to a process that needs so much and asks for so much; undefined when there is not enough. */
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
