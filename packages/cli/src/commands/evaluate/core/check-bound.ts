export type Bound = { operator: '>=' | '<=' | '>' | '<'; limit: number }

/** Whether a measured value is within a bound; a missing value is not. */
export function isWithinBound(value: number | undefined, { operator, limit }: Bound): boolean {
  if (value === undefined) return false
  switch (operator) {
    case '>=':
      return value >= limit
    case '<=':
      return value <= limit
    case '>':
      return value > limit
    case '<':
      return value < limit
  }
}
