import type { Chunk } from './chunk-text.ts'

/** A part of a document, and the chunks that a model can place with its help. */
export type Stretch = { document: string; chunks: Chunk[] }

/** How much of a long document's beginning is shown above every part of it, because it says what the document is and whom it is from. */
const openingChars = 1_500

/**
 * What a model is shown of a document for each of its chunks. A document of at most `charsMax` letters is one stretch for all of them. A longer one is divided into
 * pieces of half that length, and the chunks of each piece share the text around it. There are few stretches, so that a provider's prompt cache serves many chunks.
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

/** Where each chunk begins, in UTF-16 units: their own offsets are in code points, so they are searched for one after the other. */
function placesOf(text: string, chunks: Chunk[]): { chunk: Chunk; from: number }[] {
  let last = 0
  return chunks.map((chunk) => {
    last = Math.max(last, text.indexOf(chunk.text, last))
    return { chunk, from: last }
  })
}
