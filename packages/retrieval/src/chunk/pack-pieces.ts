import { cutRank, type Piece } from './split-pieces.ts'

/** Sizes are in letters, where wide ones (East Asian, emoji) count three times: this makes about three or four per token in any language. */
export type ChunkSize = { max: number; overlap: number; isOverlapAlways: boolean }

export type PackedRange = { start: number; end: number; path: string }

/**
 * Fills chunks with as many pieces as fit, and cuts each at the best place in its last part. When a chunk ends inside a block, the next one repeats its last
 * sentences, as many as the overlap allows.
 */
export function* packPieces(pieces: Iterable<Piece>, size: ChunkSize): Generator<PackedRange> {
  let held: Piece[] = []
  let weight = 0
  let repeated = 0
  for (const piece of pieces) {
    const isNewSection = piece.isHeading && weight >= size.max * sectionShare
    while (held.length > repeated && (weight + piece.weight > size.max || isNewSection)) {
      const cut = isNewSection ? held.length : bestCut(held, repeated, { next: piece, max: size.max })
      yield rangeOf(held.slice(0, cut), repeated)
      const overlap = overlapLength(held.slice(repeated, cut), held[cut] ?? piece, size)
      held = held.slice(cut - overlap)
      repeated = overlap
      weight = total(held)
      if (isNewSection) break
    }
    if (weight + piece.weight > size.max) {
      held = []
      repeated = 0
      weight = 0
    }
    held.push(piece)
    weight += piece.weight
  }
  if (held.length > repeated) yield rangeOf(held, repeated)
}

/** A heading begins a new chunk when the open one is at least this full; shorter sections share a chunk. */
const sectionShare = 0.3

/** A chunk is only cut after this share of its size, so that chunks do not become small for the sake of a good place. */
const fillShare = 0.5

/** How many of the held pieces the chunk gets: at least one more than those that it repeats. */
function bestCut(held: Piece[], repeated: number, room: { next: Piece; max: number }): number {
  let best = held.length
  let bestRank: number = room.next.rank
  let weight = total(held)
  for (let cut = held.length - 1; cut > repeated; cut--) {
    const [before, after] = [held[cut], held[cut + 1] ?? room.next]
    if (before === undefined) break
    weight -= before.weight
    const isTrailingHeading = before.isHeading && after.rank === cutRank.word && cut === best - 1
    if (weight < room.max * fillShare && !isTrailingHeading) break
    if (before.rank > bestRank) {
      best = cut
      bestRank = before.rank
    }
  }
  return best
}

function overlapLength(emitted: Piece[], next: Piece, size: ChunkSize): number {
  if (next.isHeading || (!size.isOverlapAlways && next.rank > cutRank.sentence)) return 0
  let count = 0
  let weight = 0
  for (const piece of emitted.toReversed()) {
    weight += piece.weight
    if (weight > size.overlap || piece.isHeading) break
    count++
  }
  return Math.min(count, Math.max(0, emitted.length - 1 - blankBefore(emitted)))
}

/** How many blank pieces come first. They do not count when a chunk must begin after the one before it. */
function blankBefore(pieces: Piece[]): number {
  const first = pieces.findIndex((piece) => !piece.isBlank)
  return first === -1 ? pieces.length : first
}

function rangeOf(pieces: Piece[], repeated: number): PackedRange {
  const [first, last] = [pieces[0], pieces.at(-1)]
  if (first === undefined || last === undefined) throw new RangeError('a chunk has at least one piece')
  const named = pieces.slice(repeated).find((piece) => !piece.isHeading) ?? last
  return { start: first.start, end: last.end, path: named.path }
}

function total(pieces: Piece[]): number {
  return pieces.reduce((sum, piece) => sum + piece.weight, 0)
}
