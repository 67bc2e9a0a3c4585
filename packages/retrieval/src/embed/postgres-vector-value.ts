/** halfvec's indexes hold 4,000 dimensions at most (pgvector's README). */
const dimensionsMax = 4_000

/** A number of dimensions that may stand in SQL text. Throws RangeError. */
export function dimensionsOf(dimensions: number): number {
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > dimensionsMax)
    throw new RangeError(`a vector has 1 to ${dimensionsMax} dimensions, not ${dimensions}`)
  return dimensions
}

/** A vector as pgvector reads it; halfvec keeps three to four decimal digits, so more are not written. */
export function vectorText(vector: Float32Array): string {
  return `[${Array.from(vector, (value) => value.toPrecision(5)).join(',')}]`
}
