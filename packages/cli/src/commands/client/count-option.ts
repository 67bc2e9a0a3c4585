import { usageError } from './explain-failure.ts'

/** How many a list shows at most. */
export function countOption(value: string): number {
  const count = Number(value)
  if (Number.isInteger(count) && count >= 1 && count <= 100) return count
  throw usageError('--limit needs a whole number from 1 to 100')
}
