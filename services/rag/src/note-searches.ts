import type { SearchRequest } from '@weft/retrieval'

type Searched = Pick<SearchRequest, 'tenant' | 'vectorStoreIds'>

export type NoteSearchesOptions = {
  note(searched: Searched): Promise<void>
  onProblem(cause: unknown): void
  nowMs(): number
}

const againMs = 60_000
const rememberedMax = 1_000

/** Notes which stores are searched, once a minute for the same ones: searches neither wait for that nor fail by it. */
export function noteSearches({ note, onProblem, nowMs }: NoteSearchesOptions): (searched: Searched) => void {
  const notedAtMs = new Map<string, number>()
  return ({ tenant, vectorStoreIds }) => {
    const key = JSON.stringify([tenant, ...vectorStoreIds])
    if (nowMs() - (notedAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < againMs) return
    if (notedAtMs.size >= rememberedMax) notedAtMs.clear()
    notedAtMs.set(key, nowMs())
    note({ tenant, vectorStoreIds }).catch((cause: unknown) => {
      notedAtMs.delete(key)
      onProblem(cause)
    })
  }
}
