import { usageError } from './explain-failure.ts'

/** The bounds of a number, both included. `max` default: none but that of JavaScript's whole numbers. */
export interface NumberBounds {
  min: number
  max?: number
}

/** Makes the parser of an option that takes a whole number, in decimal digits. It throws a usage error that names the option and the bounds. */
export function wholeNumberOption(option: string, { min, max }: NumberBounds): (text: string) => number {
  const needed = `${option} needs a whole number from ${min}${max === undefined ? '' : ` to ${max}`}`
  return (text) => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= (max ?? Number.MAX_SAFE_INTEGER)) return number
    throw usageError(`${needed}, not "${text}"`)
  }
}
