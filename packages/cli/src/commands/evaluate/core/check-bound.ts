export type Bound = { operator: '>=' | '<=' | '>' | '<'; limit: number }

/** Whether a measured value keeps to a bound; a value that is not there does not. */
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
