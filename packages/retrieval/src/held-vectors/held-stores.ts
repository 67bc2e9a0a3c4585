import { type ChunkHit, compareHits } from '@weft/database'
import type { StoredVector, StoreOfTenant } from './postgres-stored-vectors.ts'
import { blockBytes, createVectorKernel } from './vector-kernel.ts'
import { createVectorTable, type VectorTable } from './vector-table.ts'

/** `filling`: not all of its vectors are here yet. `refused`: there was no room for them. */
export type HeldState = 'unknown' | 'filling' | 'whole' | 'refused'

/** The vectors of a model of some vector stores, within a bound of memory. */
export type HeldStores = {
  stateOf(store: StoreOfTenant): HeldState
  /** A store begins by `filling`; whose changes are to be told from then on. */
  setState(store: StoreOfTenant, state: Exclude<HeldState, 'unknown'>): void
  /** Passed over where its store is not held. A store for whose vector there is no room is refused. */
  put(vector: StoredVector): void
  removeChunk(chunkId: string): void
  search(stores: StoreOfTenant[], query: Float32Array, limit: number): ChunkHit[]
  /** Stores that were refused may be tried again. */
  forgetRefused(): void
}

type Held = { state: HeldState; table: VectorTable; usedAt: number }

/** A store that was searched among the last so many searches is not given up for another: both would be read again and again. */
const recent = 100
const storesMax = 1_000

export function createHeldStores({ bytesMax, dimensions }: { bytesMax: number; dimensions: number }): HeldStores {
  const kernel = createVectorKernel(Math.floor(bytesMax / blockBytes))
  /** In the order they were last used. */
  const stores = new Map<string, Held>()
  let searches = 0

  function drop(key: string): void {
    stores.get(key)?.table.clear()
    stores.delete(key)
  }

  /** Answers whether a store was given up. */
  function makeRoom(): boolean {
    for (const [key, { state, usedAt }] of stores) {
      if (state !== 'whole' || usedAt > searches - recent) continue
      drop(key)
      return true
    }
    return false
  }

  function holdWhere(key: string, { chunk, n, halves }: StoredVector): void {
    const held = stores.get(key)
    if (held === undefined || held.state === 'refused') return
    while (!held.table.put(chunk, n, halves)) {
      if (makeRoom() && stores.has(key)) continue
      held.table.clear()
      held.state = 'refused'
      return
    }
  }

  return {
    stateOf: (store) => stores.get(keyOf(store))?.state ?? 'unknown',
    setState(store, state) {
      const [oldest] = stores.keys()
      if (stores.size === storesMax && oldest !== undefined && !stores.has(keyOf(store))) drop(oldest)
      const { table, usedAt } = stores.get(keyOf(store)) ?? { table: createVectorTable(kernel, dimensions), usedAt: searches }
      if (state === 'refused') table.clear()
      stores.set(keyOf(store), { state, table, usedAt })
    },
    put: (vector) => holdWhere(keyOf(vector), vector),
    removeChunk(chunkId) {
      for (const { table } of stores.values()) table.remove(chunkId)
    },
    search(asked, query, limit) {
      searches += 1
      const found = asked.flatMap((store) => {
        const key = keyOf(store)
        const held = stores.get(key)
        if (held === undefined) return []
        stores.delete(key)
        stores.set(key, { ...held, usedAt: searches })
        return held.table.search(query, limit)
      })
      return asked.length === 1 ? found : found.toSorted(compareHits).slice(0, limit)
    },
    forgetRefused() {
      for (const [key, { state }] of [...stores]) if (state === 'refused') drop(key)
    },
  }
}

function keyOf({ tenant, vectorStoreId }: StoreOfTenant): string {
  return JSON.stringify([tenant, vectorStoreId])
}
