/** Pieces that wait for an earlier one. Beyond this a piece is dropped: the stored answer brings what is missing. */
const charsMax = 1_048_576
const piecesMax = 10_000

export interface WaitingPieces {
  put(offset: number, delta: string): void
  /** Takes the pieces that continue a text known up to `known`, in order. */
  takeFrom(known: number): { offset: number; delta: string }[]
  clear(): void
}

/** Text pieces by their offset, the longest at each, bounded in number and size. */
export function createWaitingPieces(): WaitingPieces {
  const pieces = new Map<number, string>()
  let chars = 0

  return {
    put(offset, delta) {
      const kept = pieces.get(offset)?.length ?? 0
      if (kept >= delta.length || pieces.size >= piecesMax || chars + delta.length > charsMax) return
      chars += delta.length - kept
      pieces.set(offset, delta)
    },
    takeFrom(known) {
      const taken: { offset: number; delta: string }[] = []
      let reach = known
      for (const [offset, delta] of [...pieces].toSorted(([a], [b]) => a - b)) {
        if (offset > reach) break
        reach = Math.max(reach, offset + delta.length)
        pieces.delete(offset)
        chars -= delta.length
        taken.push({ offset, delta })
      }
      return taken
    },
    clear() {
      pieces.clear()
      chars = 0
    },
  }
}
