import type { Embedder } from '@weft/contracts'
import type { Database } from '@weft/database'
import { embedChunks } from './embed-chunks.ts'
import { listEmbeddingModels } from './postgres-embedding-models.ts'
import { completeEmbeddedFiles, queueMissing } from './postgres-embedding-queue.ts'
import { deleteRetiredVectors, switchModel } from './postgres-embedding-rebuild.ts'

export type RebuildRound = {
  embedded: number
  copied: number
  /** Chunks that wait because their tenant's budget is spent. */
  held: number
  /** Vectors of retired models that were deleted. */
  deleted: number
  /** The model that searches use from now on. */
  switchedTo?: string
}

/**
 * One round of a rebuild, if one is under way with the model of `embedder`: some chunks get its vectors, and once none waits, searches switch to it. Otherwise some
 * vectors of retired models are deleted. Any number of workers may call this at once; what is stored is never embedded again, even after a kill. Answers what was
 * done, all 0 when there was nothing to do. Throws what the embedder throws.
 */
export async function rebuildVectors(
  { database, embedder }: { database: Database; embedder: Embedder | undefined },
  signal?: AbortSignal,
): Promise<RebuildRound> {
  const models = await listEmbeddingModels(database)
  const isBuilding = models.some(({ id, state }) => state === 'building' && id === embedder?.id)
  if (embedder !== undefined && isBuilding) {
    const round = await makeOrSwitch({ database, embedder }, signal)
    if (round !== undefined) return round
  }
  return { embedded: 0, copied: 0, held: 0, deleted: await deleteRetiredVectors(database) }
}

/** Makes some vectors, or switches to the model when all are made. Undefined when other workers are making the last ones. */
async function makeOrSwitch(tools: { database: Database; embedder: Embedder }, signal?: AbortSignal) {
  const { database, embedder } = tools
  const before = await embedChunks(tools, signal)
  const isAll = before.embedded + before.copied + before.held === 0 && (await queueMissing(database, embedder.id)) === 0
  if (isAll && (await switchModel(database, embedder.id))) {
    await completeEmbeddedFiles(database)
    return { embedded: 0, copied: 0, held: 0, deleted: 0, switchedTo: embedder.id }
  }
  if (isAll) return undefined
  const { embedded, copied, held } = before.embedded + before.copied + before.held > 0 ? before : await embedChunks(tools, signal)
  return { embedded, copied, held, deleted: 0 }
}
