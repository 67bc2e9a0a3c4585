/**
 * Makes a function that cuts a text between code point offsets, after looking at the text once. It answers undefined for offsets that the text does not have.
 */
export function codePointSlicer(text: string): (start: number, end: number) => string | undefined {
  if (!/[\ud800-\udfff]/.test(text)) return (start, end) => (end > text.length ? undefined : text.slice(start, end))
  const offsets = utf16Offsets(text)
  return (start, end) => (offsets[end] === undefined ? undefined : text.slice(offsets[start], offsets[end]))
}

export function countCodePoints(text: string): number {
  return utf16Offsets(text).length - 1
}

/** The UTF-16 offset of every code point, and of the end. */
function utf16Offsets(text: string): number[] {
  const offsets: number[] = []
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) offsets.push(at)
  return [...offsets, text.length]
}
