/** Money is counted in whole billionths of a US dollar, which a JavaScript number holds exactly up to nine million dollars. */
const nanoPerUsd = 1_000_000_000

/** Rounds up, for amounts that are set aside. */
export function nanoUsdAtLeast(usd: number): number {
  return Math.ceil(usd * nanoPerUsd)
}

export function nanoUsd(usd: number): number {
  return Math.round(usd * nanoPerUsd)
}

export function usdOf(nano: number): number {
  return nano / nanoPerUsd
}
