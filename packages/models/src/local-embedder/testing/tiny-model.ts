import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Tensor } from '../read-safetensors.ts'

/** A BERT model of a few thousand weights, always the same, with a vocabulary of some words. */
export const tinyConfig = {
  model_type: 'bert',
  hidden_act: 'gelu',
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 32,
  layer_norm_eps: 1e-12,
}
export const tinyVocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'man', 'is', 'eating', 'food', 'bread', '.']

export function tinyWeights(): Map<string, Tensor> {
  const { hidden_size: hidden, intermediate_size: wide, num_hidden_layers: layers } = tinyConfig
  const next = randomNumbers(7)
  const weights = new Map<string, Tensor>()
  const add = (name: string, shape: number[], offset = 0) => {
    const count = shape.reduce((product, size) => product * size, 1)
    weights.set(name, { shape, data: Float32Array.from({ length: count }, () => offset + next()) })
  }
  const addDense = (name: string, outputs: number, inputs: number) => {
    add(`${name}.weight`, [outputs, inputs])
    add(`${name}.bias`, [outputs])
  }
  const addNorm = (name: string) => {
    add(`${name}.weight`, [hidden], 1)
    add(`${name}.bias`, [hidden])
  }
  add('embeddings.word_embeddings.weight', [tinyVocabulary.length, hidden])
  add('embeddings.position_embeddings.weight', [64, hidden])
  add('embeddings.token_type_embeddings.weight', [2, hidden])
  addNorm('embeddings.LayerNorm')
  for (let layer = 0; layer < layers; layer++) {
    const part = `encoder.layer.${layer}`
    for (const name of ['query', 'key', 'value']) addDense(`${part}.attention.self.${name}`, hidden, hidden)
    addDense(`${part}.attention.output.dense`, hidden, hidden)
    addNorm(`${part}.attention.output.LayerNorm`)
    addDense(`${part}.intermediate.dense`, wide, hidden)
    addDense(`${part}.output.dense`, hidden, wide)
    addNorm(`${part}.output.LayerNorm`)
  }
  return weights
}

/** Between -0.5 and 0.5; Park and Miller's generator (CACM 1988). */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647 - 0.5
  }
}

/** The tensors as a safetensors file. */
export function encodeSafetensors(weights: Map<string, Tensor>): Buffer {
  let offset = 0
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } }
  const values: Buffer[] = []
  for (const [name, { shape, data }] of weights) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }
    values.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength))
    offset += data.byteLength
  }
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, ...values])
}

/** A folder as a sentence transformer is published: configuration, weights and tokenizer. */
export async function writeTinyModel(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-tiny-model-'))
  await writeFile(join(folder, 'config.json'), JSON.stringify(tinyConfig))
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tinyWeights()))
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tinyTokenizer))
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ tokenizer_class: 'BertTokenizer' }))
  return folder
}

const special = (id: number) => ({ id, content: tinyVocabulary[id], special: true })
const tinyTokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [0, 1, 2, 3].map(special),
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
      '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
    },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(tinyVocabulary.map((word, id) => [word, id])),
  },
}
