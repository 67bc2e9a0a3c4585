import type { Database } from '@weft/database'
import { createHeldStores, type HeldStores } from './held-stores.ts'
import { listEmbeddedChunks, readStoredVectors, type StoreOfTenant } from './postgres-stored-vectors.ts'
import { forgetChanges, lookAtVectors, readChangedChunks, type VectorLook } from './postgres-vector-changes.ts'

export type FollowOptions = { database: Pick<Database, 'db'>; bytesMax: number }

/** Copies of vectors of the model that is active, and which change of them they hold as the last. */
export type Copies = { server: string; model: string; dimensions: number; seen: number; stores: HeldStores }

/** `copies`: as new as the look, or newer, until something else is waited for. */
export type Followed = { active: VectorLook['active']; copies: Copies | undefined }

export type VectorFollower = {
  /** Looks at what is stored, not before it was called, and brings the copies to that. Whoever asks while a look waits for its turn shares it. */
  look(): Promise<Followed>
  /** Reads the vectors of a store into copies, some at a time; what changes meanwhile is followed. Throws what the database throws. */
  fill(copies: Copies, store: StoreOfTenant): Promise<void>
}

/** Reading the vectors of as many chunks takes the database some 10 ms, during which it serves nobody else. */
const chunksOfRead = 250
/** So many changes are kept for others who hold copies; with more unseen than are read one by one, all is read anew. */
const changesKept = 500
const changedChunksMax = 5_000

export function followVectors({ database, bytesMax }: FollowOptions): VectorFollower {
  const inTurn = takeTurns()
  let copies: Copies | undefined
  let looking: Promise<Followed> | undefined

  async function follow(): Promise<Followed> {
    const { active, server, first, last } = await lookAtVectors(database)
    const seen = last ?? 0
    if (active === null || !isOf(copies, { active, server, first, last })) copies = undefined
    else if (copies !== undefined && seen > copies.seen && !(await readChanges(database, copies, seen))) copies = undefined
    if (active !== null) {
      const { id: model, dimensions } = active
      copies ??= { server, model, dimensions, seen, stores: createHeldStores({ bytesMax, dimensions }) }
    }
    if (first !== null && seen - first > 2 * changesKept) await forgetChanges(database, seen - changesKept)
    return { active, copies }
  }

  return {
    look() {
      looking ??= inTurn(() => {
        looking = undefined
        return follow()
      })
      return looking
    },
    async fill(of, store) {
      const { model, dimensions, stores } = of
      const isWanted = () => copies === of && stores.stateOf(store) === 'filling'
      const max = Math.floor(bytesMax / (3 * dimensions))
      const chunks = await inTurn(() => listEmbeddedChunks(database, { ...store, model, max }))
      if (chunks.length > max) stores.setState(store, 'refused')
      for (let from = 0; from < chunks.length && isWanted(); from += chunksOfRead) {
        await inTurn(async () => {
          const vectors = await readStoredVectors(database, { model, chunks: chunks.slice(from, from + chunksOfRead) })
          for (const vector of vectors) if (isWanted()) stores.put(vector)
        })
      }
      if (isWanted()) stores.setState(store, 'whole')
    },
  }
}

/** What reads the database and what it leads to is done one after the other: copies never go back to an older state. */
function takeTurns(): <T>(act: () => Promise<T>) => Promise<T> {
  let turn: Promise<unknown> = Promise.resolve()
  return (act) => {
    const done = turn.then(act, act)
    turn = done.catch(() => undefined)
    return done
  }
}

/** Answers false where so much changed that all is to be read anew. */
async function readChanges(database: FollowOptions['database'], copies: Copies, last: number): Promise<boolean> {
  const { model, seen: after, stores } = copies
  const chunks = await readChangedChunks(database, { model, after, last })
  if (chunks === undefined || chunks.length > changedChunksMax) return false
  const vectors = chunks.length === 0 ? [] : await readStoredVectors(database, { model, chunks })
  for (const id of chunks) stores.removeChunk(id)
  for (const vector of vectors) stores.put(vector)
  if (Math.floor(last / changesKept) > Math.floor(after / changesKept)) stores.forgetRefused()
  copies.seen = last
  return true
}

/** Another server may have other data, and changes that were forgotten cannot be followed. */
function isOf(copies: Copies | undefined, { server, active, first, last }: VectorLook): boolean {
  if (copies === undefined || copies.server !== server) return false
  const isSeen = copies.seen === (last ?? 0) || (first !== null && first <= copies.seen + 1)
  return copies.model === active?.id && copies.dimensions === active.dimensions && isSeen
}
