import { parentPort } from 'node:worker_threads'
import { countTokens, setMergeCacheSize } from 'gpt-tokenizer/encoding/o200k_base'
import { z } from 'zod'

/** Asks for the tokens of texts, each given in pieces. */
const Asked = z.object({ id: z.number(), question: z.array(z.array(z.string())) })
/** How many words are cached with their count; the library's default of a hundred thousand would take more memory than it is worth. */
const cachedWords = 10_000
/** Counts special tokens, such as `<|endoftext|>`, as text. */
const asText = { disallowedSpecial: new Set<string>() }

setMergeCacheSize(cachedWords)

parentPort?.on('message', (message: unknown) => {
  const { id, question } = Asked.parse(message)
  const answer = question.map((pieces) => pieces.reduce((sum, piece) => sum + countTokens(piece, asText), 0))
  parentPort?.postMessage({ id, answer })
})
