/** halfvec's indexes hold 4,000 dimensions at most (pgvector's README). */
const dimensionsMax = 4_000

/** A number of dimensions that may stand in SQL text. Throws RangeError. */
export function dimensionsOf(dimensions: number): number {
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > dimensionsMax)
    throw new RangeError(`a vector has 1 to ${dimensionsMax} dimensions, not ${dimensions}`)
  return dimensions
}

/** The values of vectors, one behind the other, as PostgreSQL's binary array of `real`: read in a tenth of the time that text takes. */
export function realArray(vectors: Float32Array[]): Buffer {
  const count = vectors.reduce((sum, { length }) => sum + length, 0)
  const buffer = Buffer.allocUnsafe(arrayHeadBytes + count * 8)
  const head = [1, 0, realOid, count, 1]
  let at = 0
  for (const value of head) at = buffer.writeInt32BE(value, at)
  for (const vector of vectors) for (const value of vector) at = buffer.writeFloatBE(value, buffer.writeInt32BE(4, at))
  return buffer
}

/** Dimensions, whether there are nulls, the elements' type, then length and first number of the one dimension (array_send, arrayfuncs.c). */
const arrayHeadBytes = 20
/** FLOAT4OID of pg_type.dat. */
const realOid = 700

/** A vector as pgvector's `vector` is received: its number of dimensions, two bytes of nothing, and floats; read ten times quicker than text. */
export function vectorBytes(vector: Float32Array): Buffer {
  const bytes = Buffer.alloc(4 + 4 * vector.length)
  bytes.writeUInt16BE(vector.length)
  for (const [at, value] of vector.entries()) bytes.writeFloatBE(value, 4 + 4 * at)
  return bytes
}
