import { type Block, linesOf } from './block.ts'

/** The paragraphs between two offsets of a text, which blank lines separate. */
export function* splitParagraphs(text: string, part: { from: number; to: number; path: string }): Generator<Block> {
  const { from, to, path } = part
  let start = from
  let isBlank = false
  for (const line of linesOf(text, from, to)) {
    if (isBlank && !line.isBlank && line.start > start) {
      yield { start, end: line.start, type: 'prose', path }
      start = line.start
    }
    isBlank = line.isBlank
  }
  if (to > start) yield { start, end: to, type: 'prose', path }
}
