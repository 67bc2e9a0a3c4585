/** Documents hold pictures, fonts and compressed text: so many bytes of them are taken for one of text. */
const documentBytesPerByteOfText = 10
const isDocument = /\.(?:pdf|doc[xm]|dot[xm]|xls[xm]|xlt[xm]|ppt[xm]|pps[xm]|pot[xm]|epub)$/i

/** Four letters of English a token, a rule of thumb for all tokenisers of embedding models. */
const asciiBytesPerToken = 4

/**
 * About how many tokens of an embedding model a file holds, from its first bytes and its size. Letters beyond ASCII count as half a token each: less
 * for Cyrillic, more for Chinese.
 */
export function estimateTokens(start: Uint8Array, { path, sizeBytes }: { path: string; sizeBytes: number }): number {
  if (start.length === 0) return 0
  if (isDocument.test(path)) return Math.ceil(sizeBytes / documentBytesPerByteOfText / asciiBytesPerToken)
  let ascii = 0
  let others = 0
  for (const byte of start) {
    if (byte < 0x80) ascii += 1
    else if (byte >= 0xc0) others += 1
  }
  return Math.ceil(((ascii / asciiBytesPerToken + others / 2) / start.length) * sizeBytes)
}
