import { knowledgeLimits } from '@weft/contracts'
import { FileRefusal } from './file-refusal.ts'

/** A text with its pages: `pages[i]` is the UTF-16 offset at which page i + 1 begins. Empty when the document has no pages. */
export type PagedText = { text: string; pages: number[] }

/** Collects a document's text as simple Markdown. Pieces without text are left out. */
export type MarkdownWriter = {
  heading(level: number, title: string): void
  /** `breaks`: offsets in `text` at which a page begins. */
  paragraph(text: string, breaks?: number[]): void
  item(text: string, place?: { depth?: number; label?: string; breaks?: number[] }): void
  row(cells: string[]): void
  /** Writes the line below a table's header, so that the row before it becomes the header. */
  headerEnd(columns: number): void
  /** Ends a list or table, so that the next one does not continue it. */
  endBlock(): void
  /** Makes the next piece the first of a page. */
  beginPage(): void
  finish(): PagedText
}

type Kind = 'item' | 'row' | 'block'

export function createMarkdownWriter(): MarkdownWriter {
  const parts: string[] = []
  const pages: number[] = []
  let length = 0
  let last: Kind = 'block'
  let waitingPages = 0

  function put(kind: Kind, text: string, breaks: number[] = []): void {
    const gap = length === 0 ? '' : kind === last && kind !== 'block' ? '\n' : '\n\n'
    const start = length + gap.length
    for (; waitingPages > 0; waitingPages--) pages.push(start)
    pages.push(...breaks.map((at) => start + Math.min(Math.max(at, 0), text.length)))
    parts.push(gap, text)
    length = start + text.length
    last = kind
    if (length > knowledgeLimits.fileBytesMax) throw new FileRefusal('too_large', tooMuchText)
  }

  return {
    heading(level, title) {
      const line = oneLine(title)
      if (line !== '') put('block', `${'#'.repeat(Math.min(Math.max(level, 1), 6))} ${line}`)
    },
    paragraph(text, breaks) {
      const clean = cleanText(text)
      if (clean !== '') put('block', clean, breaks)
      else waitingPages += breaks?.length ?? 0
    },
    item(text, { depth = 0, label = '-', breaks = [] } = {}) {
      const clean = cleanText(text)
      const indent = '  '.repeat(Math.min(Math.max(depth, 0), 7))
      const mark = /^(?:-|\d{1,9}[.)])$/.test(label) ? label : `- ${label}`
      const shift = indent.length + mark.length + 1
      if (clean === '') waitingPages += breaks.length
      else
        put(
          'item',
          `${indent}${mark} ${clean.replaceAll('\n', `\n${indent}  `)}`,
          breaks.map((at) => at + shift),
        )
    },
    row(cells) {
      put('row', `| ${cells.map(cellText).join(' | ')} |`)
    },
    headerEnd(columns) {
      put('row', `|${' --- |'.repeat(columns)}`)
    },
    endBlock() {
      last = 'block'
    },
    beginPage() {
      waitingPages++
    },
    finish() {
      for (; waitingPages > 0 && pages.length > 0; waitingPages--) pages.push(length)
      return { text: parts.join(''), pages }
    },
  }
}

export const tooMuchText = 'The document holds more than 128 MiB of text. Split it and add the parts.'

/** Replaces each character that Postgres cannot store. */
function cleanText(text: string): string {
  return text.trim().toWellFormed().replaceAll('\u0000', '\ufffd')
}

function oneLine(text: string): string {
  return cleanText(text.replace(/[\s\u00a0]+/g, ' '))
}

function cellText(text: string): string {
  return oneLine(text).replaceAll('|', '\\|')
}
