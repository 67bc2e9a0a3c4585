/** How much of the smaller set the two share: |A ∩ B| / min(|A|, |B|), from 0 to 1 (Szymkiewicz-Simpson). */
export function overlapCoefficient(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((word) => b.has(word)).length
  return shared / Math.max(1, Math.min(a.size, b.size))
}
