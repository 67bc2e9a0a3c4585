const bytesOf = (text: string) => Buffer.byteLength(text, 'utf8')

/** A cut goes back to a space within this share of a part. */
const wordShare = 0.2

/**
 * The text in parts of at most that many bytes of UTF-8, cut between words where there are any. Of the tokenisers in use none makes more tokens than there
 * are bytes, so a part holds no more tokens than that either.
 */
export function cutText(text: string, bytesMax: number): string[] {
  if (bytesOf(text) <= bytesMax) return [text]
  const parts: string[] = []
  for (let from = 0; from < text.length; ) {
    const to = endOfPart(text, from, bytesMax)
    parts.push(text.slice(from, to))
    from = to
  }
  return parts
}

/** Never between the halves of one character. */
function endOfPart(text: string, from: number, bytesMax: number): number {
  const { read } = new TextEncoder().encodeInto(text.slice(from, from + bytesMax), new Uint8Array(bytesMax))
  const to = from + Math.max(1, read)
  if (to >= text.length) return text.length
  const space = text.lastIndexOf(' ', to - 1)
  return space > to - read * wordShare ? space + 1 : to
}

/** The texts in batches, in their order, none with more texts or bytes than allowed; a text larger than that is alone. */
export function batchTexts(texts: string[], { textsMax, bytesMax }: { textsMax: number; bytesMax: number }): string[][] {
  const batches: string[][] = []
  let batch: string[] = []
  let bytes = 0
  for (const text of texts) {
    const more = bytesOf(text)
    if (batch.length > 0 && (batch.length >= textsMax || bytes + more > bytesMax)) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(text)
    bytes += more
  }
  return batch.length === 0 ? batches : [...batches, batch]
}
