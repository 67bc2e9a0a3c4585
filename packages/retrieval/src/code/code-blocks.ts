import type { Block } from '../chunk/block.ts'
import { isLowSurrogate } from '../text/code-points.ts'
import { splitCode } from './split-code.ts'

/** A part of source code that declares something, in UTF-16 offsets. */
export type CodeItem = { start: number; end: number; name: string }

type Declaration = CodeItem & { inner: Declaration[] }

/**
 * Blocks of source code without gaps. A declaration is one block, together with the comments and decorators (`above`) directly above it; a declaration within
 * another becomes a member of it. What lies between declarations is cut by `splitCode`.
 */
export function blocksOfItems(text: string, { items, above }: { items: CodeItem[]; above: CodeItem[] }): Block[] {
  const place: Place = { start: 0, end: text.length, path: '', starts: new Map(), trails: new Map() }
  for (const { start, end } of above.map((range) => besideCharacters(text, range))) {
    const isAfterCode = !isLineStart(text, start)
    const next = lineEndOf(text, end)
    if (isAfterCode && isLineStart(text, next)) place.trails.set(start, next)
    else place.starts.set(next, isAfterCode ? start : lineStartOf(text, start))
  }
  const declared = items.map((item) => besideCharacters(text, item))
  return blocksWithin(text, nest(declared), place)
}

/** Moves ends of a range that lie between the two halves of a surrogate pair before the pair, so that no chunk has half a character. */
function besideCharacters<R extends { start: number; end: number }>(text: string, range: R): R {
  const { start, end } = range
  const before = (at: number) => (isLowSurrogate(text.charCodeAt(at)) ? at - 1 : at)
  return { ...range, start: before(start), end: before(end) }
}

/**
 * The part of the text that is being cut. `starts` tells where a comment or decorator begins, by the place where what it belongs to begins. `trails` tells where a
 * line ends, by the place where the comment at its end begins.
 */
type Place = { start: number; end: number; path: string; starts: Map<number, number>; trails: Map<number, number> }

/** Only generated code has deeper declarations. They are not split from the one that they are in. */
const depthMax = 20

/** Nests declarations by their ranges. Equal ranges are the same declaration, which was found twice. */
function nest(items: CodeItem[]): Declaration[] {
  const roots: Declaration[] = []
  const open: Declaration[] = []
  for (const item of items.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    while (open.length > 0 && (open.at(-1)?.end ?? 0) <= item.start) open.pop()
    const parent = open.at(-1)
    if (parent !== undefined && (item.end > parent.end || (item.start === parent.start && item.end === parent.end))) continue
    if (open.length === depthMax) continue
    const declaration = { ...item, inner: [] }
    ;(parent?.inner ?? roots).push(declaration)
    open.push(declaration)
  }
  return roots
}

function blocksWithin(text: string, declarations: Declaration[], place: Place): Block[] {
  const blocks: Block[] = []
  let at = place.start
  for (const declaration of declarations) {
    const start = Math.max(at, startWithAbove(text, declaration.start, place.starts))
    at = fillGap(text, { blocks, start: at, end: start, path: place.path })
    const path = [place.path, declaration.name]
      .filter((name) => name !== '')
      .join('.')
      .slice(0, 300)
    const behind = lineEndOf(text, declaration.end)
    const end = Math.max(at, Math.min(place.trails.get(behind) ?? behind, place.end))
    const block: Block = { start: at, end, type: 'declaration', path }
    if (declaration.inner.length > 0) block.members = blocksWithin(text, declaration.inner, { ...place, start: at, end, path })
    blocks.push(block)
    at = end
  }
  fillGap(text, { blocks, start: at, end: place.end, path: place.path })
  return blocks
}

type Gap = { blocks: Block[]; start: number; end: number; path: string }

/** The text before the first member of a declaration counts as a heading up to this length, so that it is never left alone at the end of a chunk. */
const headLettersMax = 400

/**
 * Fills the gap before a declaration. Blank lines and closing brackets go to the block before, or else to the block after them. Answers where the next block
 * begins.
 */
function fillGap(text: string, { blocks, start, end, path }: Gap): number {
  const last = blocks.at(-1)
  const closing = /^(?:[\s})\];,]|end(?=[ \t)\]};,]*(?:\n|$)))*/.exec(text.slice(start, end))?.[0] ?? ''
  const from = last === undefined ? start : Math.max(start, lineStartOf(text, start + closing.length))
  if (last !== undefined && from > last.end) stretch(last, from)
  if (start + closing.length === end) {
    if (last === undefined) return start
    stretch(last, end)
  } else if (path === '') {
    for (const block of splitCode(text.slice(from, end)))
      blocks.push({ ...block, start: from + block.start, end: from + block.end })
  } else blocks.push({ start: from, end, type: last === undefined && end - from <= headLettersMax ? 'heading' : 'lines', path })
  return end
}

function stretch(block: Block, end: number): void {
  block.end = end
  const last = block.members?.at(-1)
  if (last !== undefined) stretch(last, end)
}

/** Where a declaration begins, including comments and decorators on lines of their own that are directly above it. */
function startWithAbove(text: string, start: number, starts: Map<number, number>): number {
  let at = lineStartOf(text, start)
  for (let above = starts.get(at); above !== undefined && above < at; above = starts.get(at)) at = above
  return at
}

/** The beginning of the line when only white space comes before `at` on it; otherwise `at`. */
function lineStartOf(text: string, at: number): number {
  let start = at
  while (start > 0 && isBlank(text[start - 1])) start--
  return start === 0 || text[start - 1] === '\n' ? start : at
}

function isLineStart(text: string, at: number): boolean {
  return at !== lineStartOf(text, at) || at === 0 || text[at - 1] === '\n'
}

/** The place after white space and the marks that end a declaration; the next line when nothing else follows on this one. */
function lineEndOf(text: string, at: number): number {
  let end = at
  while (end < text.length && (isBlank(text[end]) || text[end] === ';' || text[end] === ',')) end++
  return text[end] === '\n' ? end + 1 : end
}

function isBlank(letter: string | undefined): boolean {
  return letter === ' ' || letter === '\t' || letter === '\r'
}
