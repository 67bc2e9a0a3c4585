import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'

/** Numbers of a text's tokens, with those that open and close it; at most `inputTokensMax` of them. */
export type Tokenise = (text: string) => number[]

/** Twenty letters a token, at least: the rest of a text that long is not looked at. */
const lettersPerTokenMax = 20

/** A tokenizer from a model's folder: `tokenizer.json` and `tokenizer_config.json`. */
export function openTokenizer(folder: string, inputTokensMax: number): Tokenise {
  const read = (name: string) => parseJson(z.looseObject({}), readFileSync(join(folder, name), 'utf8'), name)
  const tokenizer = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'))
  return (text) => {
    const { ids } = tokenizer.encode(text.slice(0, inputTokensMax * lettersPerTokenMax))
    const last = ids.at(-1)
    return ids.length <= inputTokensMax || last === undefined ? ids : [...ids.slice(0, inputTokensMax - 1), last]
  }
}
