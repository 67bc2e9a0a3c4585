/** One field of a protobuf message: a varint or fixed64 as bigint, anything length-delimited as bytes. */
export interface ProtobufField {
  number: number
  value: bigint | Uint8Array
}

/** The fields of a protobuf message in their order (https://protobuf.dev/programming-guides/encoding). Throws on what is cut off. */
export function readProtobuf(bytes: Uint8Array): ProtobufField[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields: ProtobufField[] = []
  let at = 0
  while (at < bytes.length) {
    const tag = Number(varint())
    fields.push({ number: tag >>> 3, value: readValue(tag & 7) })
  }
  return fields

  function readValue(wireType: number): bigint | Uint8Array {
    if (wireType === 0) return varint()
    if (wireType === 1) return fixed(8, () => view.getBigUint64(at, true))
    if (wireType === 5) return fixed(4, () => BigInt(view.getUint32(at, true)))
    if (wireType !== 2) throw new Error(`protobuf wire type ${wireType} is not supported`)
    const length = Number(varint())
    return fixed(length, () => bytes.subarray(at, at + length))
  }

  function fixed<T>(length: number, read: () => T): T {
    if (at + length > bytes.length) throw new Error('the protobuf message is cut off')
    const value = read()
    at += length
    return value
  }

  function varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = fixed(1, () => view.getUint8(at))
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new Error('a protobuf varint is too long')
  }
}
