import type { OnnxAttribute, OnnxGraph } from './encode-onnx.ts'
import { createGraphBuilder, fused, type GraphBuilder } from './graph-builder.ts'
import { divideByLargest, type Multiplied, multiplyWeights } from './multiply-weights.ts'
import { quantiseRows } from './quantise-weights.ts'
import type { Tensor } from './read-safetensors.ts'

/** The parts of a BERT model's `config.json` that its graph depends on. */
export type BertConfig = {
  hidden_size: number
  num_hidden_layers: number
  num_attention_heads: number
  layer_norm_eps: number
}

type Bert = { graph: GraphBuilder; config: BertConfig; isQuantised: boolean }

/**
 * A BERT encoder as a graph: `ids` and `mask` (int32, batch × tokens; mask 1 for tokens, 0 for padding) → `embedding` (float, batch × hidden), the mean over a
 * text's tokens, normalised to length one (Reimers and Gurevych, EMNLP 2019). With `isQuantised` matrices are multiplied in whole numbers of eight bits; the scale
 * of their input is found anew at every call. Attention, and sums with normalisation, are ONNX Runtime's fused operators.
 */
export function bertGraph(weights: Map<string, Tensor>, config: BertConfig, isQuantised: boolean): OnnxGraph {
  const bert: Bert = { graph: createGraphBuilder(weights), config, isQuantised }
  const { graph } = bert
  for (const [name, value] of [
    ['zero', 0n],
    ['one', 1n],
    ['last', -1n],
  ] as const)
    graph.addConstant({ name, type: 'int64', shape: [1], values: BigInt64Array.of(value) })
  let hidden = embedTokens(bert)
  for (let layer = 0; layer < config.num_hidden_layers; layer++) hidden = encodeLayer(bert, hidden, layer)
  meanOfTokens(graph, hidden)
  return {
    name: 'bert',
    nodes: graph.nodes,
    constants: graph.constants,
    inputs: ['ids', 'mask'].map((name) => ({ name, type: 'int32', shape: ['batch', 'tokens'] })),
    outputs: [{ name: 'embedding', type: 'float', shape: ['batch', config.hidden_size] }],
    opsets: { '': 20, [fused]: 1 },
  }
}

const toFloat: OnnxAttribute = { name: 'to', int: 1 }

function embedTokens(bert: Bert): string {
  const { graph, config } = bert
  const places = graph.weight('embeddings.position_embeddings.weight')
  const kind = graph.weight('embeddings.token_type_embeddings.weight')
  // Every token is of type 0, so the vector of that type is added to each place once and for all.
  const values = places.data.map((value, at) => value + (kind.data[at % config.hidden_size] ?? 0))
  graph.addConstant({ name: 'places', type: 'float', shape: places.shape, values })
  graph.addNode({ operator: 'Shape', inputs: ['ids'], output: 'shape' })
  graph.addNode({ operator: 'Gather', inputs: ['shape', 'one'], output: 'length' })
  graph.addNode({ operator: 'Slice', inputs: ['places', 'zero', 'length', 'zero'], output: 'places of tokens' })
  graph.addNode({ operator: 'Add', inputs: [lookUpWords(bert), 'places of tokens'], output: 'embedded' })
  return normalise(bert, 'embeddings.LayerNorm', { inputs: ['embedded'], output: 'hidden' })
}

function lookUpWords({ graph, config, isQuantised }: Bert): string {
  const { shape, data } = graph.weight('embeddings.word_embeddings.weight')
  const output = 'words of tokens'
  if (!isQuantised) {
    graph.addConstant({ name: 'words', type: 'float', shape, values: data })
    return graph.addNode({ operator: 'Gather', inputs: ['words', 'ids'], output })
  }
  const { values, scales } = quantiseRows(data, config.hidden_size)
  graph.addConstant({ name: 'words', type: 'int8', shape, values })
  graph.addConstant({ name: 'word scales', type: 'float', shape: [scales.length, 1], values: scales })
  graph.addNode({ operator: 'Gather', inputs: ['words', 'ids'], output: 'whole words' })
  graph.addNode({ operator: 'Cast', inputs: ['whole words'], output: 'unscaled words', attributes: [toFloat] })
  graph.addNode({ operator: 'Gather', inputs: ['word scales', 'ids'], output: 'scales of tokens' })
  return graph.addNode({ operator: 'Mul', inputs: ['unscaled words', 'scales of tokens'], output })
}

function encodeLayer(bert: Bert, input: string, layer: number): string {
  const { graph } = bert
  const part = (name: string) => `encoder.layer.${layer}.${name}`
  const attended = attend(bert, input, part('attention.self'))
  const projected = dense(graph, prepare(bert, attended), part('attention.output.dense'))
  const middle = normalise(bert, part('attention.output.LayerNorm'), { inputs: [projected, input], output: part('attended') })
  const wide = multiplyWeights(graph, prepare(bert, middle), part('intermediate.dense'))
  const bias = graph.addWeight(part('intermediate.dense.bias'))
  const activated = graph.addNode({ operator: 'BiasGelu', domain: fused, inputs: [wide, bias], output: part('activated') })
  const narrow = dense(graph, prepare(bert, activated), part('output.dense'))
  return normalise(bert, part('output.LayerNorm'), { inputs: [narrow, middle], output: part('hidden') })
}

function attend(bert: Bert, input: string, part: string): string {
  const { graph, config } = bert
  const from = prepare(bert, input)
  const [query = '', key = '', value = ''] = ['query', 'key', 'value'].map((name) => dense(graph, from, `${part}.${name}`))
  return graph.addNode({
    operator: 'MultiHeadAttention',
    domain: fused,
    inputs: [query, key, value, '', 'mask'],
    output: `${part}.mixed`,
    attributes: [{ name: 'num_heads', int: config.num_attention_heads }],
  })
}

function prepare({ graph, isQuantised }: Bert, name: string): Multiplied {
  return isQuantised ? divideByLargest(graph, name) : { name }
}

function dense(graph: GraphBuilder, input: Multiplied, name: string): string {
  const product = multiplyWeights(graph, input, name)
  return graph.addNode({ operator: 'Add', inputs: [product, graph.addWeight(`${name}.bias`)], output: `${name}.output` })
}

/** Layer normalisation of one input, or of the sum of two. */
function normalise({ graph, config }: Bert, name: string, { inputs, output }: { inputs: string[]; output: string }): string {
  const given = [...inputs, graph.addWeight(`${name}.weight`), graph.addWeight(`${name}.bias`)]
  const epsilon = { name: 'epsilon', float: config.layer_norm_eps }
  return inputs.length === 1
    ? graph.addNode({ operator: 'LayerNormalization', inputs: given, output, attributes: [epsilon, { name: 'axis', int: -1 }] })
    : graph.addNode({ operator: 'SkipLayerNormalization', domain: fused, inputs: given, output, attributes: [epsilon] })
}

function meanOfTokens(graph: GraphBuilder, hidden: string): void {
  graph.addNode({ operator: 'Cast', inputs: ['mask'], output: 'token weights', attributes: [toFloat] })
  graph.addNode({ operator: 'Unsqueeze', inputs: ['token weights', 'last'], output: 'row weights' })
  graph.addNode({ operator: 'Mul', inputs: [hidden, 'row weights'], output: 'weighted' })
  // A sum does instead of the mean: its divisor does not change the direction, which is all that normalising leaves.
  const flat = [{ name: 'keepdims', int: 0 }]
  graph.addNode({ operator: 'ReduceSum', inputs: ['weighted', 'one'], output: 'sum', attributes: flat })
  const lengths = [
    { name: 'axis', int: 1 },
    { name: 'p', int: 2 },
  ]
  graph.addNode({ operator: 'LpNormalization', inputs: ['sum'], output: 'embedding', attributes: lengths })
}
