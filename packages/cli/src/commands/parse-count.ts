import { InvalidArgumentError } from 'commander'

/** An option that counts something: 0 or more. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 0) throw new InvalidArgumentError('Not a whole number.')
  return count
}
