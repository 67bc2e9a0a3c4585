/** Money is counted in whole billionths of a US dollar: exact in a JavaScript number up to nine million dollars. */
const nanoPerUsd = 1_000_000_000

/** What is set aside is rounded up. */
export function nanoUsdAtLeast(usd: number): number {
  return Math.ceil(usd * nanoPerUsd)
}

export function nanoUsd(usd: number): number {
  return Math.round(usd * nanoPerUsd)
}

export function usdOf(nano: number): number {
  return nano / nanoPerUsd
}
