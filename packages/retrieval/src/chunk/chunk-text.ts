import type { ChunkingStrategy } from '@weft/contracts'
import type { FileKind } from '../parse/file-kind.ts'
import { codePointCounter, utf16Counter } from '../text/code-points.ts'
import type { Heading } from '../text/heading.ts'
import { isSpace } from '../text/sentences.ts'
import type { Block } from './block.ts'
import { type ChunkSize, packPieces } from './pack-pieces.ts'
import { splitBlocks } from './split-blocks.ts'
import { splitPieces } from './split-pieces.ts'

/**
 * A passage of a file. `text` is the file's text between the code point offsets `start` and `end`, trimmed of white space. `heading` is the trail of headings, or
 * the declaration, that it is under; empty for none. `page` counts from 1. `header` is what a model says about its place in the document: the chunk is also found
 * by it, but it is never quoted.
 */
export type Chunk = {
  ordinal: number
  start: number
  end: number
  text: string
  heading: string
  page?: number
  header?: string
}

type Text = {
  text: string
  kind: FileKind
  pages?: number[] | undefined
  headings?: Heading[] | undefined
  blocks?: Iterable<Block> | undefined
}

/**
 * Cuts a parsed file into chunks along its structure. Every character that is no white space is in at least one chunk. The same text, kind and strategy always give
 * the same chunks. `blocks` replace those that are found by the kind of file. The time is linear in the length of the text, whatever its content.
 */
export function* chunkText(file: Text, strategy: ChunkingStrategy = { type: 'auto' }): Generator<Chunk> {
  const { text, kind, pages } = file
  const blocks = file.blocks ?? splitBlocks(text, kind, headingsOf(file))
  const startOf = codePointCounter(text)
  const endOf = codePointCounter(text)
  const pageOf = pageCounter(pages)
  const size = chunkSize(strategy, file)
  let ordinal = 0
  for (const range of packPieces(splitPieces(text, blocks, size.max), size)) {
    const [from, to] = trim(text, range.start, range.end)
    if (from === to) continue
    const start = startOf(from)
    const page = pageOf(start)
    yield {
      ordinal,
      start,
      end: endOf(to),
      text: text.slice(from, to),
      heading: range.path,
      ...(page === undefined ? {} : { page }),
    }
    ordinal++
  }
}

/**
 * Long texts are cut into smaller passages: with 1,000 letters as much of Chroma's 790 marked spans is found as with 1,200, together with less other text. Short
 * texts are mostly about one thing, and SciFact's abstracts were found less well when all were cut at 1,000 (docs/evaluation.md). Code is never cut as a long text,
 * so that declarations stay whole.
 */
const passageSizes = {
  short: { max: 1_200, overlap: 200, isOverlapAlways: false },
  long: { max: 1_000, overlap: 100, isOverlapAlways: false },
} as const satisfies Record<string, ChunkSize>

/** The length up to which a text is short: about four pages, more than an abstract or a passage of an encyclopedia has. */
const shortLettersMax = 10_000

/** English text has about four letters a token in OpenAI's tokenizers. Counting exactly would take longer than indexing does. */
const lettersPerToken = 4

function chunkSize(strategy: ChunkingStrategy, { text, kind }: { text: string; kind: FileKind }): ChunkSize {
  if (strategy.type === 'auto') return text.length > shortLettersMax && kind !== 'code' ? passageSizes.long : passageSizes.short
  const max = strategy.static.max_chunk_size_tokens * lettersPerToken
  const overlap = Math.min(strategy.static.chunk_overlap_tokens * lettersPerToken, Math.floor(max / 2))
  return { max, overlap, isOverlapAlways: true }
}

/** The headings of a file, with their starts converted from code points to UTF-16 units. */
function headingsOf({ text, headings = [] }: Text): Heading[] {
  if (headings.length === 0) return []
  const startOf = utf16Counter(text)
  return headings.map((heading) => ({ ...heading, start: startOf(heading.start) }))
}

function trim(text: string, start: number, end: number): [from: number, to: number] {
  let [from, to] = [start, end]
  while (from < to && isSpace(text.charCodeAt(from))) from++
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--
  return [from, to]
}

function pageCounter(pages: number[] | undefined): (start: number) => number | undefined {
  let page = 0
  return (start) => {
    if (pages === undefined) return undefined
    while (page < pages.length && (pages[page] ?? 0) <= start) page++
    return Math.max(1, page)
  }
}
