import type { Embedder } from '@weft/contracts'
import type { Database } from '@weft/database'
import { withSpan } from '@weft/telemetry'
import {
  type ClaimedChunk,
  claimChunks,
  completeEmbeddedFiles,
  copyVectors,
  releaseChunks,
  storeVectors,
} from './postgres-embedding-queue.ts'
import { buildVectorIndex } from './postgres-vector-index.ts'

/** Chunks of one round: a few hundred milliseconds of the local model's work, which a kill may lose. */
const roundMax = 32

export type EmbedRound = { embedded: number; copied: number; completedFiles: number }

/**
 * One round of making vectors: takes some of the chunks that wait, copies the vectors of texts that are known, embeds the others, and completes the files
 * that have all of theirs. Any number of workers may do it at once; what is stored is not embedded again, also after a kill. Answers
 * what was done, all 0 when nothing waits. Throws what the embedder throws, the chunks put back.
 */
export async function embedChunks(tools: { database: Database; embedder: Embedder }, signal?: AbortSignal): Promise<EmbedRound> {
  const { database, embedder } = tools
  const model = embedder.id
  const chunks = await claimChunks(database, model, roundMax)
  if (chunks.length === 0) {
    const completedFiles = await completeEmbeddedFiles(database)
    await buildVectorIndex(database, await embedder.describe(signal))
    return { embedded: 0, copied: 0, completedFiles }
  }
  return withSpan('embed chunks', { attributes: { 'weft.embed.chunks': chunks.length } }, async () => {
    const known = await copyVectors(database, model, chunks)
    const unknown = chunks.filter(({ id }) => !known.has(id))
    await embedAll(tools, unknown, signal)
    return { embedded: unknown.length, copied: known.size, completedFiles: await completeEmbeddedFiles(database, chunks) }
  })
}

/** Equal texts of a round are embedded once. */
async function embedAll(
  { database, embedder }: { database: Database; embedder: Embedder },
  chunks: ClaimedChunk[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (chunks.length === 0) return
  const texts = [...new Set(chunks.map(({ text }) => text))]
  try {
    const { vectors } = await embedder.embed({ texts, purpose: 'document', signal })
    const vectorsOf = new Map(texts.map((text, index) => [text, vectors[index] ?? []]))
    const made = chunks.map((chunk) => ({ ...chunk, vectors: vectorsOf.get(chunk.text) ?? [] }))
    await storeVectors(database, embedder.id, made)
  } catch (thrown) {
    await releaseChunks(database, embedder.id, chunks)
    throw thrown
  }
}
