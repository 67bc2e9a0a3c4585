import { isZipDocument } from './zip-document.ts'

/** How many bytes of a document stand for one byte of text, because documents also have pictures and fonts, and compress their text. An assumption. */
const documentBytesPerByteOfText = 10

/** A rule of thumb for English in all tokenisers of embedding models. */
const asciiBytesPerToken = 4

/**
 * Estimates how many tokens of an embedding model a file has, from its first bytes and its size. Letters beyond ASCII count as half a token each, which is too many
 * for Cyrillic and too few for Chinese.
 */
export function estimateTokens(start: Uint8Array, { path, sizeBytes }: { path: string; sizeBytes: number }): number {
  if (start.length === 0) return 0
  if (/\.pdf$/i.test(path) || isZipDocument(path)) return Math.ceil(sizeBytes / documentBytesPerByteOfText / asciiBytesPerToken)
  let ascii = 0
  let others = 0
  for (const byte of start) {
    if (byte < 0x80) ascii += 1
    else if (byte >= 0xc0) others += 1
  }
  return Math.ceil(((ascii / asciiBytesPerToken + others / 2) / start.length) * sizeBytes)
}
