import { fused, type GraphBuilder } from './graph-builder.ts'
import { quantiseColumns } from './quantise-weights.ts'

/** An input of a multiplication. When it is multiplied in whole numbers, `largest` names what each token's values were divided by. */
export type Multiplied = { name: string; largest?: string }

/**
 * Divides each token's values by their largest. As whole numbers, a whole input has one scale, so a few large values of one token would make all other tokens
 * coarser, also those of other texts in the batch. Median cosine to float32 of 80 abstracts and titles of SciFact with weights of eight bits: .9945 without this,
 * .9975 with it. `last` is the constant of the last axis.
 */
export function divideByLargest(graph: GraphBuilder, name: string): Multiplied {
  const sizes = graph.addNode({ operator: 'Abs', inputs: [name], output: `${name}.sizes` })
  const keep = [{ name: 'keepdims', int: 1 }]
  const largest = graph.addNode({ operator: 'ReduceMax', inputs: [sizes, 'last'], output: `${name}.largest`, attributes: keep })
  return { name: graph.addNode({ operator: 'Div', inputs: [name, largest], output: `${name}.divided` }), largest }
}

/** `input · weightᵀ` of the layer `name`, without its bias. The weights are transposed because PyTorch stores them with a row for every output. */
export function multiplyWeights(graph: GraphBuilder, input: Multiplied, name: string): string {
  const { shape, data } = graph.weight(`${name}.weight`)
  const [outputs = 0, inputs = 0] = shape
  const matrix = transpose(data, outputs, inputs)
  const output = `${name}.product`
  if (input.largest === undefined) {
    graph.addConstant({ name: `${name}.matrix`, type: 'float', shape: [inputs, outputs], values: matrix })
    return graph.addNode({ operator: 'MatMul', inputs: [input.name, `${name}.matrix`], output })
  }
  const { values, scales } = quantiseColumns(matrix, outputs)
  graph.addConstant({ name: `${name}.matrix`, type: 'int8', shape: [inputs, outputs], values })
  graph.addConstant({ name: `${name}.scales`, type: 'float', shape: [outputs], values: scales })
  const divided = graph.addNode({
    operator: 'DynamicQuantizeMatMul',
    domain: fused,
    inputs: [input.name, `${name}.matrix`, `${name}.scales`],
    output: `${name}.divided product`,
  })
  return graph.addNode({ operator: 'Mul', inputs: [divided, input.largest], output })
}

function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(data.length)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) turned[column * rows + row] = data[row * columns + column] ?? 0
  return turned
}
