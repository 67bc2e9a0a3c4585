import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'

/**
 * The numbers of a text's tokens, with those that open and close it, in parts of at most `inputTokensMax`. Only `partsMax` parts are made: what
 * follows them is not seen. Parts are of about one length, so that none holds a few words only.
 */
export type Tokenise = (text: string, partsMax: number) => number[][]

/** Letters a token, at least: what lies beyond is not looked at. */
const lettersPerTokenMax = 20

/** A tokenizer from a model's folder: `tokenizer.json` and `tokenizer_config.json`. */
export function openTokenizer(folder: string, inputTokensMax: number): Tokenise {
  const read = (name: string) => parseJson(z.looseObject({}), readFileSync(join(folder, name), 'utf8'), name)
  const tokenizer = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'))
  return (text, partsMax) => {
    const { ids } = tokenizer.encode(text.slice(0, inputTokensMax * partsMax * lettersPerTokenMax))
    const [first, last] = [ids[0], ids.at(-1)]
    if (ids.length <= inputTokensMax || first === undefined || last === undefined) return [ids]
    const seen = ids.slice(1, -1).slice(0, (inputTokensMax - 2) * partsMax)
    const parts = Math.ceil(seen.length / (inputTokensMax - 2))
    const size = Math.ceil(seen.length / parts)
    return Array.from({ length: parts }, (_, part) => [first, ...seen.slice(part * size, (part + 1) * size), last])
  }
}
