import { tinyConfig } from './tiny-model.ts'
import type { Tensor } from '../read-safetensors.ts'

type Rows = number[][]

/** BERT's forward pass written out as in Devlin et al. 2019, one text at a time, in double precision: what the graph is compared with. */
export function referenceEmbedding(weights: Map<string, Tensor>, ids: number[]): number[] {
  const { hidden_size: hidden, num_hidden_layers: layers } = tinyConfig
  const row = (name: string, index: number) => [...get(weights, name).data.subarray(index * hidden, (index + 1) * hidden)]
  const words = ids.map((id, place) =>
    sum(
      row('embeddings.word_embeddings.weight', id),
      sum(row('embeddings.position_embeddings.weight', place), row('embeddings.token_type_embeddings.weight', 0)),
    ),
  )
  let state = norm(weights, 'embeddings.LayerNorm', words)
  for (let layer = 0; layer < layers; layer++) state = encode(weights, `encoder.layer.${layer}`, state)
  const mean = state[0]?.map((_, at) => state.reduce((total, values) => total + (values[at] ?? 0), 0) / state.length) ?? []
  const length = Math.sqrt(mean.reduce((total, value) => total + value * value, 0))
  return mean.map((value) => value / length)
}

function encode(weights: Map<string, Tensor>, part: string, input: Rows): Rows {
  const attended = dense(weights, `${part}.attention.output.dense`, attend(weights, `${part}.attention.self`, input))
  const middle = norm(weights, `${part}.attention.output.LayerNorm`, add(attended, input))
  const wide = dense(weights, `${part}.intermediate.dense`, middle).map((values) => values.map(gelu))
  return norm(weights, `${part}.output.LayerNorm`, add(dense(weights, `${part}.output.dense`, wide), middle))
}

function attend(weights: Map<string, Tensor>, part: string, input: Rows): Rows {
  const { hidden_size: hidden, num_attention_heads: heads } = tinyConfig
  const size = hidden / heads
  const [query = [], key = [], value = []] = ['query', 'key', 'value'].map((name) => dense(weights, `${part}.${name}`, input))
  return query.map((asking) =>
    Array.from({ length: hidden }, (_, at) => {
      const from = Math.floor(at / size) * size
      const scores = key.map((known) => dot(asking.slice(from, from + size), known.slice(from, from + size)) / Math.sqrt(size))
      const shares = scores.map((score) => Math.exp(score))
      const total = shares.reduce((whole, share) => whole + share, 0)
      return shares.reduce((mixed, share, place) => mixed + (share / total) * (value[place]?.[at] ?? 0), 0)
    }),
  )
}

function dense(weights: Map<string, Tensor>, name: string, input: Rows): Rows {
  const { shape, data } = get(weights, `${name}.weight`)
  const bias = get(weights, `${name}.bias`).data
  const [outputs = 0, inputs = 0] = shape
  return input.map((values) =>
    Array.from(
      { length: outputs },
      (_, output) => dot([...data.subarray(output * inputs, (output + 1) * inputs)], values) + (bias[output] ?? 0),
    ),
  )
}

function norm(weights: Map<string, Tensor>, name: string, input: Rows): Rows {
  const scale = get(weights, `${name}.weight`).data
  const bias = get(weights, `${name}.bias`).data
  return input.map((values) => {
    const mean = values.reduce((total, value) => total + value, 0) / values.length
    const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length
    return values.map(
      (value, at) => ((value - mean) / Math.sqrt(variance + tinyConfig.layer_norm_eps)) * (scale[at] ?? 0) + (bias[at] ?? 0),
    )
  })
}

/** By the error function's series (Abramowitz and Stegun 7.1.6), exact here: the values stay small. */
function gelu(value: number): number {
  const x = value / Math.SQRT2
  let term = x
  let total = x
  for (let n = 1; n < 60; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    total += term
  }
  return 0.5 * value * (1 + (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total)
}

function get(weights: Map<string, Tensor>, name: string): Tensor {
  const tensor = weights.get(name)
  if (tensor === undefined) throw new RangeError(name)
  return tensor
}

function dot(a: number[], b: number[]): number {
  return a.reduce((total, value, at) => total + value * (b[at] ?? 0), 0)
}

function sum(a: number[], b: number[]): number[] {
  return a.map((value, at) => value + (b[at] ?? 0))
}

function add(a: Rows, b: Rows): Rows {
  return a.map((values, at) => sum(values, b[at] ?? []))
}
