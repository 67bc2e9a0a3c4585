import { splitCode } from '../code/split-code.ts'
import type { FileKind } from '../parse/file-kind.ts'
import { type Block, linesOf } from './block.ts'
import { splitMarkdown } from './split-markdown.ts'
import { splitTable } from './split-table.ts'

/** Written as Markdown, by their authors or by the parsers here. */
const markdownKinds: ReadonlySet<FileKind> = new Set<FileKind>(['markdown', 'html', 'docx', 'xlsx', 'pptx', 'epub', 'image'])

/** The blocks of a text, each way of writing by its own rules. */
export function splitBlocks(text: string, kind: FileKind): Iterable<Block> {
  if (markdownKinds.has(kind)) return splitMarkdown(text)
  if (kind === 'code') return splitCode(text)
  if (kind === 'table') return splitTable(text)
  if (kind === 'data') return [{ start: 0, end: text.length, type: 'lines', path: '' }]
  return splitParagraphs(text)
}

function* splitParagraphs(text: string): Generator<Block> {
  let start = 0
  let isBlank = false
  for (const line of linesOf(text)) {
    if (isBlank && !line.isBlank && line.start > start) {
      yield { start, end: line.start, type: 'prose', path: '' }
      start = line.start
    }
    isBlank = line.isBlank
  }
  if (text.length > start) yield { start, end: text.length, type: 'prose', path: '' }
}
