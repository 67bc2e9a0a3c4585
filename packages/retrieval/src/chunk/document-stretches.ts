import type { Chunk } from './chunk-text.ts'

/** A part of a document, and the chunks that are understood from it. */
export type Stretch = { document: string; chunks: Chunk[] }

/** Letters of a long document's beginning that stand above every part of it: what it is, and of whom. */
const openingChars = 1_500

/**
 * The whole document for all its chunks where it has at most `charsMax` letters; else for the chunks of each half as long a piece what is around them.
 * Few stretches, so that what a provider keeps of one serves many chunks.
 */
export function documentStretches(text: string, chunks: Chunk[], charsMax: number): Stretch[] {
  if (text.length <= charsMax) return chunks.length === 0 ? [] : [{ document: text, chunks }]
  const room = charsMax - openingChars
  const step = Math.floor(room / 2)
  const pieces = Map.groupBy(placesOf(text, chunks), ({ from }) => Math.floor(from / step))
  return [...pieces].map(([piece, places]) => {
    const from = Math.max(0, Math.floor(piece * step - room / 4))
    const around = text.slice(from, from + room)
    const opening = from === 0 ? '' : `${text.slice(0, openingChars)}\n[…]\n`
    return { document: `${opening}${around}`.toWellFormed(), chunks: places.map(({ chunk }) => chunk) }
  })
}

/** Chunks count their places in code points; they stand in the text one behind the other. */
function placesOf(text: string, chunks: Chunk[]): { chunk: Chunk; from: number }[] {
  let last = 0
  return chunks.map((chunk) => {
    last = Math.max(last, text.indexOf(chunk.text, last))
    return { chunk, from: last }
  })
}
