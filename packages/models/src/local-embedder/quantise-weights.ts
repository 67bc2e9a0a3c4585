/** Values as whole numbers of eight bits: a value is about `stored * scale`, and each column or row has a scale of its own. */
export type Quantised = { values: Int8Array; scales: Float32Array }

/** Quantises a matrix of `columns` columns with a scale for every column, as the weights of a multiplication need it. */
export function quantiseColumns(data: Float32Array, columns: number): Quantised {
  return quantise(data, { groups: columns, groupOf: (at) => at % columns, largest: weightMax })
}

/** Quantises a matrix with a scale for every row, as a table needs it from which single rows are taken. */
export function quantiseRows(data: Float32Array, columns: number): Quantised {
  const groupOf = (at: number) => Math.floor(at / columns)
  return quantise(data, { groups: data.length / columns, groupOf, largest: tableMax })
}

/**
 * Weights use seven of the eight bits. Processors without VNNI add up two products of bytes in sixteen bits, which then never overflow, so that all processors
 * make the same vectors (ONNX Runtime, "Quantize ONNX models", reduce_range).
 */
const weightMax = 63
const tableMax = 127

type Groups = { groups: number; groupOf(at: number): number; largest: number }

function quantise(data: Float32Array, { groups, groupOf, largest }: Groups): Quantised {
  const scales = new Float32Array(groups)
  for (let at = 0; at < data.length; at++)
    scales[groupOf(at)] = Math.max(scales[groupOf(at)] ?? 0, Math.abs(data[at] ?? 0) / largest)
  const values = new Int8Array(data.length)
  for (let at = 0; at < data.length; at++) {
    const scale = scales[groupOf(at)] ?? 0
    values[at] = scale === 0 ? 0 : Math.round((data[at] ?? 0) / scale)
  }
  return { values, scales }
}
