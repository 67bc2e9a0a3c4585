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

/**
 * How many chunks a round takes: one or two seconds of the local model's work, which is lost when the process is killed, and enough to batch texts of equal
 * length.
 */
export const chunksOfRound = 64

/** How many chunks were embedded, copied, or `held` because their tenant's budget is spent. Those that are held are tried again after some minutes. */
export type EmbedRound = { embedded: number; copied: number; held: number; completedFiles: number }

/**
 * One round of making vectors: takes some of the waiting chunks, copies vectors for texts that already have them, embeds the others, and completes files that now
 * have all of theirs. Each request has texts of one tenant only. Any number of workers may call this at once; what is stored is never embedded again, even after a
 * kill. Answers what was done, all 0 when nothing waits. Throws what the embedder throws, after putting the chunks back.
 */
export async function embedChunks(tools: { database: Database; embedder: Embedder }, signal?: AbortSignal): Promise<EmbedRound> {
  const { database, embedder } = tools
  const model = embedder.id
  const chunks = await claimChunks(database, model, { limit: chunksOfRound })
  if (chunks.length === 0) {
    const completedFiles = await completeEmbeddedFiles(database)
    await buildVectorIndex(database, await embedder.describe(signal), { isBulkOver: true })
    return { embedded: 0, copied: 0, held: 0, completedFiles }
  }
  return withSpan('embed chunks', { attributes: { 'weft.embed.chunks': chunks.length } }, async () => {
    const known = await copyVectors(database, model, chunks).catch((thrown: unknown) => putBack(tools, chunks, thrown))
    const unknown = chunks.filter(({ id }) => !known.has(id))
    const held = await embedAll(tools, unknown, signal)
    await buildVectorIndex(database, await embedder.describe(signal), { isBulkOver: false })
    const completedFiles = await completeEmbeddedFiles(database, chunks)
    return { embedded: unknown.length - held, copied: known.size, held, completedFiles }
  })
}

/**
 * Embeds chunks tenant by tenant. Answers how many chunks are held because of a budget: they stay claimed until their claims run out, so that the chunks of other
 * tenants are next.
 */
async function embedAll(
  tools: { database: Database; embedder: Embedder },
  chunks: ClaimedChunk[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const waiting = new Map(Map.groupBy(chunks, ({ tenant }) => tenant))
  let held = 0
  for (const [tenant, own] of [...waiting]) {
    try {
      await embedOf(tools, { tenant, chunks: own, signal })
    } catch (thrown) {
      if (!isBudgetExceeded(thrown)) return putBack(tools, [...waiting.values()].flat(), thrown)
      held += own.length
    }
    waiting.delete(tenant)
  }
  return held
}

/** Puts chunks back and throws. When the database does not answer, the chunks are free again once their claims run out. */
async function putBack(
  tools: { database: Database; embedder: Embedder },
  chunks: ClaimedChunk[],
  thrown: unknown,
): Promise<never> {
  await releaseChunks(tools.database, tools.embedder.id, chunks).catch(() => undefined)
  throw thrown
}

/** Embeds the chunks of one tenant, equal texts only once, and stores their vectors. */
async function embedOf(
  { database, embedder }: { database: Database; embedder: Embedder },
  { tenant, chunks, signal }: { tenant: string; chunks: ClaimedChunk[]; signal: AbortSignal | undefined },
): Promise<void> {
  const texts = [...new Set(chunks.map(({ text }) => text))]
  const { vectors } = await embedder.embed({ texts, purpose: 'document', tenant, signal })
  const vectorsOf = new Map(texts.map((text, index) => [text, vectors[index] ?? []]))
  const made = chunks.map((chunk) => ({ ...chunk, vectors: vectorsOf.get(chunk.text) ?? [] }))
  await storeVectors(database, embedder.id, made)
}

function isBudgetExceeded(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'budget_exceeded'
}
