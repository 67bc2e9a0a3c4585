import type { OnnxAttribute, OnnxConstant, OnnxNode, OnnxType } from './encode-onnx.ts'
import type { Tensor } from './read-safetensors.ts'

/** The domain of ONNX Runtime's own operators, each of which does the work of several of ONNX's. */
export const fused = 'com.microsoft'

type NewConstant = { name: string; type: OnnxType; shape: number[]; values: Float32Array | Int8Array | BigInt64Array }
type NewNode = { operator: string; domain?: string; inputs: string[]; output: string; attributes?: OnnxAttribute[] }

export type GraphBuilder = {
  nodes: OnnxNode[]
  constants: OnnxConstant[]
  /** A tensor of the published model. Throws RangeError, naming it, when it is not there. */
  weight(name: string): Tensor
  /** Adds a tensor of the published model as a constant of the same name. Answers that name. */
  addWeight(name: string): string
  /** Answers the constant's name. */
  addConstant(constant: NewConstant): string
  /** Answers the name of the node's output. */
  addNode(node: NewNode): string
}

export function createGraphBuilder(weights: Map<string, Tensor>): GraphBuilder {
  const nodes: OnnxNode[] = []
  const constants: OnnxConstant[] = []
  const builder: GraphBuilder = {
    nodes,
    constants,
    weight(name) {
      const tensor = weights.get(name)
      if (tensor === undefined) throw new RangeError(`the weights lack the tensor "${name}"`)
      return tensor
    },
    addWeight(name) {
      const { shape, data } = builder.weight(name)
      return builder.addConstant({ name, type: 'float', shape, values: data })
    },
    addConstant({ name, type, shape, values }) {
      constants.push({ name, type, shape, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) })
      return name
    },
    addNode({ output, ...node }) {
      nodes.push({ ...node, outputs: [output] })
      return output
    },
  }
  return builder
}
