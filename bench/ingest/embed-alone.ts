import { readFileSync } from 'node:fs'
import { createEmbedder, localEmbeddingModel } from '@weft/models'
import { chunksOfRound } from '@weft/retrieval'
import { z } from 'zod'
import { readProcess } from './process-figures.ts'

/**
 * `node bench/ingest/embed-alone.ts <file>`: the local model alone, in a process of its own, over the texts of a JSON file, as many a request as rag
 * gives it, once it is loaded. Prints seconds, tokens, and the most memory it took.
 */
const texts = z.array(z.string()).parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')))
const embedder = createEmbedder(process.env, localEmbeddingModel.id)
await embedder.embed({ texts: ['a text that loads the model'], purpose: 'document' })
const startedAtMs = performance.now()
let tokens = 0
for (let at = 0; at < texts.length; at += chunksOfRound) {
  const { inputTokens } = await embedder.embed({ texts: texts.slice(at, at + chunksOfRound), purpose: 'document' })
  tokens += inputTokens
}
const seconds = (performance.now() - startedAtMs) / 1_000
console.log(JSON.stringify({ seconds, tokens, peakMb: readProcess(process.pid)?.peakMb ?? 0 }))
await embedder.stop()
