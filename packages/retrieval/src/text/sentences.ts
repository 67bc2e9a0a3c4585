import { isHighSurrogate } from './code-points.ts'

/**
 * The ends of the sentences of `text[from, to)` in rising order; the last one is `to`. White space after a sentence belongs to it. A sentence also ends at a blank line,
 * and at a line break before a list item, a table row or a heading. Walks over the text once.
 */
export function* sentenceEnds(text: string, from: number, to: number): Generator<number> {
  let at = from
  while (at < to) {
    const unit = text.charCodeAt(at)
    if (unit === newline) {
      const next = skipSpace(text, at, to)
      if (next < to && (hasBlankLine(text, at, next) || beginsItem(text, next))) yield next
      at = next
    } else if (isFullStop(unit) && endsSentence(text, at, to)) {
      at = skipClosers(text, at + 1, to)
      const next = skipSpace(text, at, to)
      if (next < to) yield next
      at = next
    } else at++
  }
  if (to > from) yield to
}

const newline = 10
const cjkStops = new Set([...'。！？…．।॥'].map((letter) => letter.charCodeAt(0)))
const closers = new Set([...'"\'”’»)]}」』）】'].map((letter) => letter.charCodeAt(0)))

function isFullStop(unit: number): boolean {
  return unit === 46 || unit === 33 || unit === 63 || cjkStops.has(unit)
}

/** Abbreviations, whose dot does not end a sentence. A longer list finds hardly any more in practice. */
const abbreviations = new Set(
  'dr mr mrs ms prof st jr sr vs etc al fig figs eq eqs ref refs no nos vol pp p ed eds cf ca approx dept univ inc ltd co corp e.g i.e z.b d.h bzw usw u.s u.k a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec'.split(
    ' ',
  ),
)

/** German ordinals have a dot ("am 1. Mai", "im 19. Jahrhundert"), which does not end a sentence before these nouns. */
const ordinalNouns =
  /^(januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|jahrhundert|weltkrieg|auflage)(?!\p{L})/iu
const ordinalNounLengthMax = 11

function endsSentence(text: string, at: number, to: number): boolean {
  const unit = text.charCodeAt(at)
  if (cjkStops.has(unit)) return true
  const after = skipClosers(text, at + 1, to)
  if (after < to && !isSpace(text.charCodeAt(after))) return false
  if (unit !== 46) return true
  const word = wordBefore(text, at)
  if (abbreviations.has(word.toLowerCase()) || /^\p{Lu}$/u.test(word)) return false
  const next = skipSpace(text, after, to)
  if (next >= to) return true
  if (isOrdinal(text, at) && ordinalNouns.test(text.slice(next, next + ordinalNounLengthMax + 1))) return false
  return !/\p{Ll}/u.test(codePointAt(text, next))
}

/** Whether one or two digits come before the dot. */
function isOrdinal(text: string, at: number): boolean {
  return /(?:^|\D)\d{1,2}$/.test(text.slice(Math.max(0, at - 3), at))
}

function wordBefore(text: string, at: number): string {
  let start = at
  while (start > 0 && at - start < 12 && /[\p{L}.]/u.test(text.charAt(start - 1))) start--
  return text.slice(start, at)
}

function codePointAt(text: string, at: number): string {
  return text.slice(at, at + (isHighSurrogate(text.charCodeAt(at)) ? 2 : 1))
}

function skipClosers(text: string, from: number, to: number): number {
  let at = from
  while (at < to && (closers.has(text.charCodeAt(at)) || isFullStop(text.charCodeAt(at)))) at++
  return at
}

function skipSpace(text: string, from: number, to: number): number {
  let at = from
  while (at < to && isSpace(text.charCodeAt(at))) at++
  return at
}

export function isSpace(unit: number): boolean {
  return (
    unit === 32 ||
    (unit >= 9 && unit <= 13) ||
    unit === 0xa0 ||
    unit === 0x3000 ||
    unit === 0x2028 ||
    unit === 0x2029 ||
    unit === 0xfeff
  )
}

function hasBlankLine(text: string, from: number, to: number): boolean {
  const first = text.indexOf('\n', from)
  const second = first === -1 ? -1 : text.indexOf('\n', first + 1)
  return second !== -1 && second < to
}

function beginsItem(text: string, at: number): boolean {
  return /^(?:[-*+•|#>]|\d{1,3}[.)])(?:\s|$)/.test(text.slice(at, at + 6))
}
