import { parentPort } from 'node:worker_threads'
import { countTokens, setMergeCacheSize } from 'gpt-tokenizer/encoding/o200k_base'
import { z } from 'zod'

/** Of each text its pieces. */
const Asked = z.object({ id: z.number(), question: z.array(z.array(z.string())) })
/** Words that are kept with their count; the default is a hundred thousand. */
const cachedWords = 10_000
/** What looks like a mark of a conversation is text here. */
const asText = { disallowedSpecial: new Set<string>() }

setMergeCacheSize(cachedWords)

parentPort?.on('message', (message: unknown) => {
  const { id, question } = Asked.parse(message)
  const answer = question.map((pieces) => pieces.reduce((sum, piece) => sum + countTokens(piece, asText), 0))
  parentPort?.postMessage({ id, answer })
})
