/** How many attempts at models a request may make, its repeats by the client and the fallbacks to other models together. */
export const attemptsMax = 3

/**
 * How many of them are left. `counted`: the attempts known to have been made; undefined where they are not counted, and then at least one is left. `repeats`: what
 * the client says itself.
 */
export function attemptsLeft({ repeats, counted }: { repeats: string | undefined; counted: number | undefined }): number {
  // The published clients count their repeats in `x-stainless-retry-count`.
  const repeated = Number(repeats ?? 0)
  const used = Number.isInteger(repeated) && repeated > 0 ? repeated : 0
  if (counted === undefined) return Math.max(1, attemptsMax - used)
  return Math.max(0, attemptsMax - Math.max(counted, used))
}
