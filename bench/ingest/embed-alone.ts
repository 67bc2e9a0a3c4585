import { readFileSync } from 'node:fs'
import { createEmbedder, localEmbeddingModel } from '@weft/models'
import { chunksOfRound } from '@weft/retrieval'
import { z } from 'zod'
import { readProcess } from './process-figures.ts'

/**
 * `node bench/ingest/embed-alone.ts <file>`: the local model alone, in a process of its own, over the texts of a JSON file, as many a request as rag
 * gives it, once it is loaded. Prints seconds, processor seconds, tokens, and the most memory it took.
 */
const texts = z.array(z.string()).parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')))
const embedder = createEmbedder(process.env, localEmbeddingModel.id)
await embedder.embed({ texts: ['a text that loads the model'], purpose: 'document' })
const startedAtMs = performance.now()
const cpuBefore = process.cpuUsage()
let tokens = 0
for (let at = 0; at < texts.length; at += chunksOfRound) {
  const { inputTokens } = await embedder.embed({ texts: texts.slice(at, at + chunksOfRound), purpose: 'document' })
  tokens += inputTokens
}
const seconds = (performance.now() - startedAtMs) / 1_000
const { user, system } = process.cpuUsage(cpuBefore)
console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, tokens, peakMb: readProcess(process.pid)?.peakMb ?? 0 }))
await embedder.stop()
