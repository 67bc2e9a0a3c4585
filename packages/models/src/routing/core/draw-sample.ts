/** Draws uniform numbers in [0, 1). It is passed in, so that a decision can be repeated. */
export type Random = () => number

/** Mulberry32: 32 bits of state, for runs that have to be repeatable. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Draws from the standard normal distribution (Box and Muller, 1958). */
export function drawNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()))
  return radius * Math.cos(2 * Math.PI * random())
}

/** Draws from Beta(alpha, beta), both above 0, as the share of one gamma draw in the sum of two. */
export function drawBeta(alpha: number, beta: number, random: Random): number {
  const good = drawGamma(alpha, random)
  return good / (good + drawGamma(beta, random))
}

/** Draws from a gamma distribution (Marsaglia and Tsang, ACM TOMS 2000; shapes below 1 are boosted). */
function drawGamma(shape: number, random: Random): number {
  if (shape < 1) return drawGamma(shape + 1, random) * (1 - random()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = drawNormal(random)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random()) < x * x * 0.5 + d - d * v + d * Math.log(v)) return d * v
  }
}
