import { parseJson } from '@weft/contracts'
import { z } from 'zod'

/** A float32 tensor: `data` holds its values row by row. */
export type Tensor = { shape: number[]; data: Float32Array }

const Entry = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
})
const Header = z.looseObject({ __metadata__: z.unknown().optional() }).catchall(Entry)

/**
 * The float32 tensors of a file in the safetensors format: eight bytes of header length, a JSON header, the values.
 * Tensors of other types are left out. Throws RangeError when the bytes are not such a file.
 */
export function readSafetensors(bytes: Uint8Array): Map<string, Tensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 8) throw new RangeError('a safetensors file begins with eight bytes that tell the length of its header')
  const headerBytes = Number(view.getBigUint64(0, true))
  if (headerBytes > bytes.length - 8) throw new RangeError(`the header of ${headerBytes} bytes reaches beyond the file`)
  const { __metadata__: _, ...entries } = readHeader(bytes.subarray(8, 8 + headerBytes))
  const values = bytes.subarray(8 + headerBytes)
  const tensors = new Map<string, Tensor>()
  for (const [name, entry] of Object.entries(entries))
    if (entry.dtype === 'F32') tensors.set(name, readTensor(values, name, entry))
  return tensors
}

function readHeader(bytes: Uint8Array): z.infer<typeof Header> {
  try {
    return parseJson(Header, Buffer.from(bytes).toString('utf8'), 'the header')
  } catch (cause) {
    throw new RangeError('the header of the safetensors file cannot be read', { cause })
  }
}

function readTensor(values: Uint8Array, name: string, { shape, data_offsets: [from, to] }: z.infer<typeof Entry>): Tensor {
  const count = shape.reduce((product, size) => product * size, 1)
  if (to - from !== count * 4 || to > values.length) throw new RangeError(`the tensor "${name}" reaches beyond the file`)
  // Copied, because floats can be read only at multiples of four bytes.
  return { shape, data: new Float32Array(Uint8Array.from(values.subarray(from, to)).buffer) }
}
