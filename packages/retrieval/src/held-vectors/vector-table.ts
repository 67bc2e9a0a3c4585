import { type ChunkHit, compareHits } from '@weft/database'
import { kthLargest } from './kth-largest.ts'
import type { VectorKernel } from './vector-kernel.ts'
import { createVectorRows } from './vector-rows.ts'

/** Where a chunk stands, without how well it was found. */
export type HeldChunk = Omit<ChunkHit, 'score'>

/** The vectors of some chunks, compared with a question exactly. */
export type VectorTable = {
  /** Holds the `n`th vector of a chunk, as bits of half-precision numbers. Answers false when there is no room left. */
  put(chunk: HeldChunk, n: number, halves: Uint16Array): boolean
  remove(chunkId: string): void
  /** The closest chunks, each by the closest of its vectors; best first, of equal ones the older. */
  search(query: Float32Array, limit: number): ChunkHit[]
  /** Gives back all room. */
  clear(): void
}

/** `slots`: where its vectors lie, by their `n`. */
type Owner = { chunk: HeldChunk; slots: (number | undefined)[] }

/**
 * All vectors are looked at in eight bits; those that the error of the eight bits leaves in question are compared in half precision, as they are stored. What is
 * found is what comparing all of them in half precision finds, in a fifth of the time.
 */
export function createVectorTable(kernel: VectorKernel, dimensions: number): VectorTable {
  const rows = createVectorRows(kernel, dimensions)
  const slots: { owner: Owner; n: number }[] = []
  const owners = new Map<string, Owner>()

  /** The last vector takes the place of one that goes. */
  function free(slot: number): void {
    const moved = slots.pop()
    const last = slots.length
    if (moved !== undefined && slot !== last) {
      rows.move(last, slot)
      slots[slot] = moved
      moved.owner.slots[moved.n] = slot
    }
    rows.release(last)
  }

  /** The chunks of the `count` closest vectors, and others that are as close as the error leaves in doubt. */
  function closest({ closeness, error }: { closeness: Float32Array; error: number }, count: number): ChunkHit[] {
    const least = kthLargest(closeness, count) - error
    const best = new Map<Owner, number>()
    for (let slot = 0; slot < closeness.length; slot += 1) {
      if ((closeness[slot] ?? 0) < least - error) continue
      const score = rows.product(slot)
      const owner = score < least ? undefined : slots[slot]?.owner
      if (owner !== undefined && score > (best.get(owner) ?? Number.NEGATIVE_INFINITY)) best.set(owner, score)
    }
    return [...best].map(([{ chunk }, score]) => ({ ...chunk, score }))
  }

  return {
    put(chunk, n, halves) {
      const owner: Owner = owners.get(chunk.chunkId) ?? { chunk, slots: [] }
      const slot = owner.slots[n] ?? slots.length
      if (!rows.reserve(slot)) return false
      owner.chunk = chunk
      owner.slots[n] = slot
      owners.set(chunk.chunkId, owner)
      slots[slot] = { owner, n }
      rows.write(slot, halves)
      return true
    },
    remove(chunkId) {
      const owned = owners.get(chunkId)?.slots ?? []
      owners.delete(chunkId)
      for (let slot = owned.pop(); owned.length > 0 || slot !== undefined; slot = owned.pop()) if (slot !== undefined) free(slot)
    },
    search(query, limit) {
      if (slots.length === 0) return []
      const estimate = rows.estimate(slots.length, query)
      for (let count = limit; ; count *= 2) {
        const hits = closest(estimate, count).toSorted(compareHits)
        if (hits.length >= limit || count >= slots.length) return hits.slice(0, limit)
      }
    },
    clear() {
      rows.clear()
      slots.length = 0
      owners.clear()
    },
  }
}
