import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'

/**
 * The numbers of a text's tokens, in parts of at most `inputTokensMax`, each with the tokens that open and close a text. At most `partsMax` parts are made; the
 * model does not see the rest. Parts have about the same length, so that none holds only a few words.
 */
export type Tokenise = (text: string, partsMax: number) => number[][]

export type TextTokenizer = {
  tokenise: Tokenise
  /** Whether a word is a token of its own. */
  isKnown(word: string): boolean
}

const Config = z.looseObject({ unk_token: z.string().default('[UNK]') })

/** A text is cut to this many letters for each token that is seen, before it is tokenised. */
const lettersPerTokenMax = 20

/** A tokenizer from a model's folder: `tokenizer.json` and `tokenizer_config.json`. */
export function openTokenizer(folder: string, inputTokensMax: number): TextTokenizer {
  const read = (name: string) => parseJson(z.looseObject({}), readFileSync(join(folder, name), 'utf8'), name)
  const config = Config.parse(read('tokenizer_config.json'))
  const tokenizer = new Tokenizer(read('tokenizer.json'), config)
  const unknown = tokenizer.token_to_id(config.unk_token)
  const tokenise: Tokenise = (text, partsMax) => {
    const { ids } = tokenizer.encode(text.slice(0, inputTokensMax * partsMax * lettersPerTokenMax))
    const [first, last] = [ids[0], ids.at(-1)]
    if (ids.length <= inputTokensMax || first === undefined || last === undefined) return [ids]
    const seen = ids.slice(1, -1).slice(0, (inputTokensMax - 2) * partsMax)
    const parts = Math.ceil(seen.length / (inputTokensMax - 2))
    const size = Math.ceil(seen.length / parts)
    return Array.from({ length: parts }, (_, part) => [first, ...seen.slice(part * size, (part + 1) * size), last])
  }
  return {
    tokenise,
    isKnown(word) {
      const [first, ...more] = tokenizer.encode(word, { add_special_tokens: false }).ids
      return first !== undefined && first !== unknown && more.length === 0
    },
  }
}
