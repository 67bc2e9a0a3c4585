/** DESIGN.md §8: one budget of attempts over the client's repeats and the chain. The published clients count theirs in `x-stainless-retry-count`. */
const attemptsMax = 3

/** Calls of models that a request may still make, by what its header says of the client's repeats. */
export function attemptsLeft(repeats: string | undefined): number {
  const used = Number(repeats ?? 0)
  return Number.isInteger(used) && used > 0 ? Math.max(1, attemptsMax - used) : attemptsMax
}
