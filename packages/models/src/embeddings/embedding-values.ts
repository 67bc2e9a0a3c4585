/** A vector as a provider sent it: numbers, or little-endian 32-bit floats in base64. */
export type SentVector = number[] | string

/** The vector as its caller asked for it, unchanged where it already is. */
export function encodeVector(vector: SentVector, format: 'float' | 'base64'): SentVector {
  if (format === 'base64') return typeof vector === 'string' ? vector : base64Of(Float32Array.from(vector))
  return typeof vector === 'string' ? Array.from(floatsOf(vector)) : vector
}

export function lengthOfVector(vector: SentVector): number {
  return typeof vector === 'string' ? Math.floor(Buffer.byteLength(vector, 'base64') / 4) : vector.length
}

export function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4)
  return bytes.toString('base64')
}

export function floatsOf(vector: SentVector): Float32Array {
  if (typeof vector !== 'string') return Float32Array.from(vector)
  const bytes = Buffer.from(vector, 'base64')
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => bytes.readFloatLE(at * 4))
}
