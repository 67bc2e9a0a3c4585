const bytesOf = (text: string) => Buffer.byteLength(text, 'utf8')

/** A part ends at a space if there is one within this share of its end. */
const wordShare = 0.2

/**
 * Cuts a text into parts of at most `bytesMax` bytes of UTF-8, between words where it can. No tokenizer in use makes more tokens of a text than it has bytes, so a
 * part has no more tokens than that either.
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

/** Where the part that begins at `from` ends; never between the halves of one character. */
function endOfPart(text: string, from: number, bytesMax: number): number {
  const { read } = new TextEncoder().encodeInto(text.slice(from, from + bytesMax), new Uint8Array(bytesMax))
  const to = from + Math.max(1, read)
  if (to >= text.length) return text.length
  const space = text.lastIndexOf(' ', to - 1)
  return space > to - read * wordShare ? space + 1 : to
}
