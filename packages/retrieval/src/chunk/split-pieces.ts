import { isHighSurrogate } from '../text/code-points.ts'
import { isSpace, sentenceEnds } from '../text/sentences.ts'
import { type Block, lineHeadLength, linesOf } from './block.ts'
import { cellsOfRow, pathWithColumns } from './table-columns.ts'

/** How good it is to cut before a piece, by what begins with it; worst first. */
export const cutRank = { word: 0, sentence: 1, item: 2, block: 3, heading: 4 } as const

/** A part of a text that is never cut. Pieces follow each other without gaps, and none is heavier than the largest chunk. */
export type Piece = {
  start: number
  end: number
  weight: number
  rank: number
  path: string
  isHeading: boolean
  isBlank: boolean
}

export function* splitPieces(text: string, blocks: Iterable<Block>, maxWeight: number): Generator<Piece> {
  let isAfterHeading = false
  for (const { block, isMember } of fitting(text, blocks, maxWeight)) {
    let rank: number = rankOf(block, { isMember, isAfterHeading })
    for (const part of partsOf(text, block, maxWeight)) {
      for (const piece of cutToWeight(text, part, maxWeight)) {
        const isBlank = isSpaceOnly(text, piece)
        yield { ...piece, rank, path: part.path ?? block.path, isHeading: block.type === 'heading', isBlank }
        rank = cutRank.word
      }
      rank = block.type === 'list' || part.isAfterBlank ? cutRank.item : cutRank.sentence
    }
    isAfterHeading = block.type === 'heading'
  }
}

function rankOf({ type }: Block, place: { isMember: boolean; isAfterHeading: boolean }): number {
  if (type === 'heading') return cutRank.heading
  if (place.isAfterHeading) return cutRank.word
  return place.isMember ? cutRank.item : cutRank.block
}

/**
 * Replaces declarations that are too large for a chunk by their members. Cutting before a member is not as good as before a block, except before the first
 * one.
 */
function* fitting(text: string, blocks: Iterable<Block>, maxWeight: number): Generator<{ block: Block; isMember: boolean }> {
  for (const block of blocks) {
    if (block.members === undefined || isWhole(text, block, maxWeight)) yield { block, isMember: false }
    else {
      for (const inner of fitting(text, block.members, maxWeight)) {
        yield { block: inner.block, isMember: inner.block.start > block.start }
      }
    }
  }
}

/** A part of a block. It has a `path` when that differs from its block's. */
type Part = { start: number; end: number; isAfterBlank?: boolean; path?: string }

/** Lists, tables, fenced code and declarations stay whole, unless one alone would fill more than this share of a chunk. */
const wholeShare = 0.85

function isWhole(text: string, { type, start, end }: Block, maxWeight: number): boolean {
  if (type === 'prose' || type === 'lines' || end - start > maxWeight) return false
  return weigh(text, start, end) <= maxWeight * wholeShare
}

function* partsOf(text: string, block: Block, maxWeight: number): Generator<Part> {
  if (isWhole(text, block, maxWeight)) yield { start: block.start, end: block.end }
  else if (block.type === 'prose') yield* sentencesOf(text, block)
  else if (block.type === 'table') yield* rowsOf(text, block)
  else yield* lineParts(text, block)
}

function* sentencesOf(text: string, block: Block): Generator<Part> {
  let start = block.start
  for (const end of sentenceEnds(text, block.start, block.end)) {
    yield { start, end }
    start = end
  }
}

/** The lines of a table. The path of those below the first has the names of the columns, because a chunk may begin with any of them. */
function* rowsOf(text: string, block: Block): Generator<Part> {
  const header = text.slice(block.start, block.start + lineHeadLength).split('\n', 1)[0] ?? ''
  const path = header.trimStart().startsWith('|') ? pathWithColumns(block.path, cellsOfRow(header)) : block.path
  for (const part of lineParts(text, block)) yield part.start === block.start ? part : { ...part, path }
}

/** The lines of a block, each with the blank lines that follow it. */
function* lineParts(text: string, block: Block): Generator<Part> {
  let start = block.start
  let isBlank = false
  for (const line of linesOf(text, block.start, block.end)) {
    if (line.start > start && !line.isBlank) {
      yield { start, end: line.start, isAfterBlank: isBlank }
      start = line.start
      isBlank = false
    } else isBlank = line.isBlank
  }
  if (block.end > start) yield { start, end: block.end, isAfterBlank: isBlank }
}

type Weighed = { start: number; end: number; weight: number }

/** Cuts a part that is too heavy, at white space or, without any, between characters. */
function* cutToWeight(text: string, part: Part, maxWeight: number): Generator<Weighed> {
  let start = part.start
  let weight = 0
  let space = { at: start, weight: 0 }
  for (let at = start; at < part.end; ) {
    const step = isHighSurrogate(text.charCodeAt(at)) || isCrLf(text, at) ? 2 : 1
    const added = weightOf(text.charCodeAt(at)) * step
    if (weight + added > maxWeight) {
      const cut = space.weight * 2 >= maxWeight ? space : { at, weight }
      yield { start, end: cut.at, weight: cut.weight }
      start = cut.at
      weight -= cut.weight
      space = { at: start, weight: 0 }
    }
    at = Math.min(at + step, part.end)
    weight += added
    if (isSpace(text.charCodeAt(at - 1))) space = { at, weight }
  }
  if (part.end > start) yield { start, end: part.end, weight }
}

function isCrLf(text: string, at: number): boolean {
  return text.charCodeAt(at) === 13 && text.charCodeAt(at + 1) === 10
}

function isSpaceOnly(text: string, { start, end }: Weighed): boolean {
  let at = start
  while (at < end && isSpace(text.charCodeAt(at))) at++
  return at === end
}

function weigh(text: string, start: number, end: number): number {
  let weight = 0
  for (let at = start; at < end; at++) weight += weightOf(text.charCodeAt(at))
  return weight
}

/** Letters from U+1100 (Hangul) on are mostly a syllable, a word or half of an emoji, and so weigh more. */
function weightOf(unit: number): number {
  return unit < 0x1100 || (unit >= 0x2000 && unit < 0x2e80) ? 1 : 3
}
