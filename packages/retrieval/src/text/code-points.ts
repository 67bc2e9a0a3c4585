/**
 * Turns UTF-16 offsets of `text`, asked for in rising order, into Unicode code point offsets; all of them together cost one walk over
 * the text, and nothing when it holds no surrogate.
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

/** The other way: code point offsets, asked for in rising order, into UTF-16 ones. */
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

/** Number of Unicode code points; `text` holds no lone surrogate. */
export function codePointLength(text: string): number {
  return codePointCounter(text)(text.length)
}

/** The part of `text` between two code point offsets. */
export function sliceCodePoints(text: string, start: number, end: number): string {
  if (!hasSurrogates(text)) return text.slice(start, end)
  const from = utf16Offset(text, start, 0)
  return text.slice(from, utf16Offset(text, end - start, from))
}

/** The UTF-16 offset that lies `codePoints` code points after the UTF-16 offset `from`. */
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
