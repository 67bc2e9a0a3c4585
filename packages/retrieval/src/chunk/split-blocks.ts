import { splitCode } from '../code/split-code.ts'
import type { FileKind } from '../parse/file-kind.ts'
import type { Heading } from '../text/heading.ts'
import type { Block } from './block.ts'
import { splitMarkdown } from './split-markdown.ts'
import { splitOutlined } from './split-outlined.ts'
import { splitParagraphs } from './split-paragraphs.ts'
import { splitTable } from './split-table.ts'

/** The kinds whose text is Markdown, written by their authors or by the parsers here. */
const markdownKinds: ReadonlySet<FileKind> = new Set<FileKind>([
  'markdown',
  'html',
  'docx',
  'xlsx',
  'pptx',
  'epub',
  'image',
  'notebook',
  'mail',
])

/** The blocks of a text, by the rules of its kind. `headings` are given for a text that does not mark its headings, such as that of a PDF. */
export function splitBlocks(text: string, kind: FileKind, headings: Heading[] = []): Iterable<Block> {
  if (markdownKinds.has(kind)) return splitMarkdown(text)
  if (kind === 'code') return splitCode(text)
  if (kind === 'table') return splitTable(text)
  if (kind === 'data') return [{ start: 0, end: text.length, type: 'lines', path: '' }]
  if (headings.length > 0) return splitOutlined(text, headings)
  return splitParagraphs(text, { from: 0, to: text.length, path: '' })
}
