import { halfScale } from './kernel-code.ts'

/** A vector in whole numbers, `step` apart: about `numbers * step`, which is off by a vector of length `error` and itself of length `length`. */
export type Narrowed = { numbers: Int16Array; step: number; error: number; length: number }

/** The largest value becomes `most`. */
export function narrowNumbers(values: Float32Array, most: number): Narrowed {
  let largest = 0
  for (const value of values) largest = Math.max(largest, Math.abs(value))
  const step = largest / most
  const numbers = new Int16Array(values.length)
  let [errors, squares] = [0, 0]
  for (let index = 0; index < values.length && step > 0; index += 1) {
    const value = values[index] ?? 0
    const number = Math.round(value / step)
    numbers[index] = number
    errors += (value - number * step) ** 2
    squares += (number * step) ** 2
  }
  return { numbers, step, error: Math.sqrt(errors), length: Math.sqrt(squares) }
}

/** Half-precision numbers, given by their bits, in single precision. */
export function widenHalves(halves: Uint16Array): Float32Array {
  const bits = Uint32Array.from(halves, (half) => ((half & 0x8000) << 16) | ((half & 0x7fff) << 13))
  return new Float32Array(bits.buffer).map((value) => value * halfScale)
}
