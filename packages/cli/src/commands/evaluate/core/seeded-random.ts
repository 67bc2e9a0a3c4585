/** Answers pseudo-random numbers from 0 (included) to 1 (excluded), which are the same for the same seed. */
export type SeededRandom = () => number

/** Golden ratio times 2³², so that seeds next to each other begin far apart. */
const spread = 0x9e3779b9
const warmUps = 16

/** Xorshift with the shifts 13, 17, 5: Marsaglia, "Xorshift RNGs", 2003. */
export function seededRandom(seed: number): SeededRandom {
  let state = Math.imul(seed + 1, spread) | 0 || 1
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 0x1_0000_0000
  }
  for (let step = 0; step < warmUps; step += 1) next()
  return next
}

/** The same items in random order. */
export function shuffle<T>(items: readonly T[], random: SeededRandom): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

/** At most `count` random items, in their own order. A larger sample with the same seed contains the smaller one. */
export function sampleInOrder<T>(items: readonly T[], count: number, seed: number): T[] {
  const indexes = items.map((_, index) => index)
  const chosen = new Set(shuffle(indexes, seededRandom(seed)).slice(0, count))
  return items.filter((_, index) => chosen.has(index))
}
