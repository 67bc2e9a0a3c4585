import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** Numbers of ONNX's TensorProto.DataType. */
const dataTypes = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const
export type OnnxType = keyof typeof dataTypes

/** A constant of the graph. `bytes` holds its values, little-endian, row by row. */
export type OnnxConstant = { name: string; type: OnnxType; shape: number[]; bytes: Uint8Array }
export type OnnxAttribute = { name: string; int: number } | { name: string; float: number }
/** `domain` is empty for ONNX's own operators. An empty input name leaves an optional input out. */
export type OnnxNode = {
  operator: string
  domain?: string
  inputs: string[]
  outputs: string[]
  attributes?: OnnxAttribute[]
}
/** An input or output. A size that is given as text may differ between calls. */
export type OnnxValue = { name: string; type: OnnxType; shape: (number | string)[] }
export type OnnxGraph = {
  name: string
  nodes: OnnxNode[]
  constants: OnnxConstant[]
  inputs: OnnxValue[]
  outputs: OnnxValue[]
  opsets: Record<string, number>
}

/** IR version 9 came with ONNX 1.15, which has opset 20. */
const irVersion = 9

/** A graph as an ONNX file (onnx.proto3; the numbers below are its field numbers). */
export function encodeOnnx(graph: OnnxGraph): Uint8Array {
  const model = new BinaryWriter()
  model.tag(1, WireType.Varint).int64(irVersion)
  for (const [domain, version] of Object.entries(graph.opsets)) {
    message(model, 8, (opset) => {
      opset.tag(1, WireType.LengthDelimited).string(domain)
      opset.tag(2, WireType.Varint).int64(version)
    })
  }
  message(model, 7, (body) => {
    for (const node of graph.nodes) message(body, 1, (writer) => writeNode(writer, node))
    body.tag(2, WireType.LengthDelimited).string(graph.name)
    for (const constant of graph.constants) message(body, 5, (writer) => writeConstant(writer, constant))
    for (const value of graph.inputs) message(body, 11, (writer) => writeValue(writer, value))
    for (const value of graph.outputs) message(body, 12, (writer) => writeValue(writer, value))
  })
  return model.finish()
}

function message(writer: BinaryWriter, field: number, write: (writer: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork()
  write(writer)
  writer.join()
}

function writeNode(writer: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) writer.tag(1, WireType.LengthDelimited).string(input)
  for (const output of node.outputs) writer.tag(2, WireType.LengthDelimited).string(output)
  writer.tag(4, WireType.LengthDelimited).string(node.operator)
  for (const attribute of node.attributes ?? []) message(writer, 5, (field) => writeAttribute(field, attribute))
  if (node.domain !== undefined) writer.tag(7, WireType.LengthDelimited).string(node.domain)
}

/** Numbers of AttributeProto.AttributeType. */
const attributeTypes = { float: 1, int: 2 } as const

function writeAttribute(writer: BinaryWriter, attribute: OnnxAttribute): void {
  writer.tag(1, WireType.LengthDelimited).string(attribute.name)
  if ('float' in attribute) {
    writer.tag(2, WireType.Bit32).float(attribute.float)
    writer.tag(20, WireType.Varint).int32(attributeTypes.float)
  } else {
    writer.tag(3, WireType.Varint).int64(attribute.int)
    writer.tag(20, WireType.Varint).int32(attributeTypes.int)
  }
}

function writeConstant(writer: BinaryWriter, { name, type, shape, bytes }: OnnxConstant): void {
  for (const size of shape) writer.tag(1, WireType.Varint).int64(size)
  writer.tag(2, WireType.Varint).int32(dataTypes[type])
  writer.tag(8, WireType.LengthDelimited).string(name)
  writer.tag(9, WireType.LengthDelimited).bytes(bytes)
}

function writeValue(writer: BinaryWriter, { name, type, shape }: OnnxValue): void {
  writer.tag(1, WireType.LengthDelimited).string(name)
  message(writer, 2, (typed) =>
    message(typed, 1, (tensor) => {
      tensor.tag(1, WireType.Varint).int32(dataTypes[type])
      message(tensor, 2, (sizes) => {
        for (const size of shape) {
          message(sizes, 1, (dimension) => {
            if (typeof size === 'number') dimension.tag(1, WireType.Varint).int64(size)
            else dimension.tag(2, WireType.LengthDelimited).string(size)
          })
        }
      })
    }),
  )
}
