import { z } from 'zod'

const complaint = 'has to be one whole number, in decimal digits'

/** A whole number in a query. What else JavaScript reads as a number (`0x10`, `1e2`, an empty text) is refused: it is hardly what its sender meant. */
export function queryInteger({ min, max }: { min: number; max: number }) {
  return z
    .string(complaint)
    .regex(/^-?\d{1,16}$/, complaint)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
}
