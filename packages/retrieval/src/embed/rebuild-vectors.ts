import type { Embedder } from '@weft/contracts'
import type { Database } from '@weft/database'
import { embedChunks } from './embed-chunks.ts'
import { listEmbeddingModels } from './postgres-embedding-models.ts'
import { completeEmbeddedFiles, queueMissing } from './postgres-embedding-queue.ts'
import { deleteRetiredVectors, switchModel } from './postgres-embedding-rebuild.ts'

export type RebuildRound = {
  embedded: number
  copied: number
  /** Chunks whose tenant may spend no more now. */
  held: number
  /** Vectors of models that were left. */
  deleted: number
  /** The model that searches go by from now on. */
  switchedTo?: string
}

/**
 * One round of a rebuild, where one is under way and its model is the one given: some chunks get its vectors; when none waits any more searches switch to it. Else
 * some vectors of models that were left are deleted. Any number of workers may do it at once; what is stored is not embedded again, also
 * after a kill. Answers what was done, all 0 when there is nothing to do. Throws what the embedder throws.
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

/** Undefined: others are at work on what is left. */
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
