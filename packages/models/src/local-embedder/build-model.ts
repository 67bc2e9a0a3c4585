import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import { bertGraph } from './bert-graph.ts'
import { encodeOnnx } from './encode-onnx.ts'
import { readSafetensors } from './read-safetensors.ts'

const Config = z.object({
  model_type: z.literal('bert'),
  hidden_act: z.literal('gelu'),
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  layer_norm_eps: z.number().positive(),
})

export type BuildModelOptions = {
  /** Holds a sentence transformer's `config.json`, `model.safetensors`, `tokenizer.json` and `tokenizer_config.json`. */
  from: string
  /** Gets `model.onnx` and the tokenizer's files. */
  to: string
  /** Eight-bit matrices: a quarter of the size, and about twice as fast; default true. */
  isQuantised?: boolean
}

/** Makes the files that the local embedder runs from a model's published weights. Throws when a file is missing, or is not that of a BERT model. */
export async function buildModel({ from, to, isQuantised = true }: BuildModelOptions): Promise<void> {
  await mkdir(to, { recursive: true })
  const config = parseJson(Config, await readFile(join(from, 'config.json'), 'utf8'), 'config.json')
  const weights = readSafetensors(await readFile(join(from, 'model.safetensors')))
  await writeFile(join(to, 'model.onnx'), encodeOnnx(bertGraph(weights, config, isQuantised)))
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    await writeFile(join(to, name), await readFile(join(from, name)))
}
