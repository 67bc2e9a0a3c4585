/** One budget of attempts for the client’s repeats and the models of the chain together. */
export const attemptsMax = 3

/** Calls of models that a request may still make after so many; at least one of a request that nobody knows from before. */
export function attemptsLeft({ repeats, counted }: { repeats: string | undefined; counted: number | undefined }): number {
  // The published clients count their repeats in `x-stainless-retry-count`.
  const repeated = Number(repeats ?? 0)
  const used = Number.isInteger(repeated) && repeated > 0 ? repeated : 0
  if (counted === undefined) return Math.max(1, attemptsMax - used)
  return Math.max(0, attemptsMax - Math.max(counted, used))
}
