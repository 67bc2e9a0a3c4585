/**
 * Makes a function that converts UTF-16 offsets of `text` into Unicode code point offsets. Asked in rising order, all calls together walk over the text once, and not
 * at all when it has no surrogates.
 */
export function codePointCounter(text: string): (utf16Offset: number) => number {
  if (!hasSurrogates(text)) return (offset) => offset
  let at = 0
  let codePoints = 0
  return (offset) => {
    if (offset < at) [at, codePoints] = [0, 0]
    for (; at < offset; at++) {
      if (!isLowSurrogate(text.charCodeAt(at))) codePoints++
    }
    return codePoints
  }
}

/** The reverse of {@link codePointCounter}: converts code point offsets into UTF-16 offsets. */
export function utf16Counter(text: string): (codePoints: number) => number {
  if (!hasSurrogates(text)) return (offset) => offset
  let at = 0
  let counted = 0
  return (codePoints) => {
    if (codePoints < counted) [at, counted] = [0, 0]
    at = utf16Offset(text, codePoints - counted, at)
    counted = codePoints
    return at
  }
}

/** The number of Unicode code points of a text, which must have no lone surrogates. */
export function codePointLength(text: string): number {
  return codePointCounter(text)(text.length)
}

/** The part of `text` between two code point offsets. */
export function sliceCodePoints(text: string, start: number, end: number): string {
  if (!hasSurrogates(text)) return text.slice(start, end)
  const from = utf16Offset(text, start, 0)
  return text.slice(from, utf16Offset(text, end - start, from))
}

/** The UTF-16 offset that is `codePoints` code points after the UTF-16 offset `from`. */
function utf16Offset(text: string, codePoints: number, from: number): number {
  let at = from
  for (let left = codePoints; left > 0 && at < text.length; left--) at += isHighSurrogate(text.charCodeAt(at)) ? 2 : 1
  return at
}

export function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

export function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

function hasSurrogates(text: string): boolean {
  return /[\ud800-\udfff]/.test(text)
}
