import { knowledgeLimits } from '@weft/contracts'
import { codePointCounter } from '../text/code-points.ts'
import type { Heading } from '../text/heading.ts'
import { decodeHtml, decodeText } from './decode-text.ts'
import { type FileKind, fileFormatOf, unreadFormat } from './file-kind.ts'
import { FileRefusal } from './file-refusal.ts'
import { htmlToText } from './parse-html.ts'
import { pdfToText } from './parse-pdf.ts'

/**
 * Raise this with every change after which some file is read as a different text. A file that is uploaded again is then read anew, instead of taking the stored text of
 * an equal file. Texts that were stored without a version are older than 1.
 */
export const parsersVersion = 2

/**
 * The text of a file, which search and citations refer to: offsets of chunks and quotes count its Unicode code points. `pages[i]` is the code point offset at which
 * page i + 1 begins: a page of a PDF or of Word's last layout, a slide of a presentation, or a chapter of an e-book. `headings` are those of a PDF's outline, with the
 * code point offsets of their lines, in rising order.
 */
export type ParsedFile = { text: string; kind: FileKind; pages?: number[]; headings?: Heading[] }

/**
 * Reads a file's bytes as text, on the caller's thread; use `createFileReader` for files of unknown size, and for images. Throws FileRefusal naming what is wrong with
 * them, also for any image. Detaches `bytes` when the file is a PDF.
 */
export async function parseFile(file: { filename: string; bytes: Uint8Array; signal?: AbortSignal }): Promise<ParsedFile> {
  checkFileSize(file.bytes.length)
  if (file.bytes.length === 0) throw new FileRefusal('empty', 'The file is empty.')
  const format = fileFormatOf(file.filename, file.bytes)
  if (format === 'pdf') return withPages({ ...(await pdfToText(file.bytes, file.signal)), kind: format })
  if (format === 'zip') {
    const { documentToText } = await import('./parse-document.ts')
    return withPages(await documentToText(file.bytes, file.filename))
  }
  if (format === 'image') throw unreadFormat(file.filename, 'an image')
  if (format === 'notebook') {
    const { notebookToText } = await import('./parse-notebook.ts')
    return { text: notebookToText(await decodeText(file.bytes), file.filename), kind: format }
  }
  if (format === 'mail') {
    const { mailToText } = await import('./parse-mail.ts')
    const text = await mailToText(file.bytes, file.filename)
    return text === undefined ? { text: await decodeText(file.bytes), kind: 'text' } : { text, kind: format }
  }
  if (format !== 'html') return { text: await decodeText(file.bytes), kind: format }
  const text = htmlToText(await decodeHtml(file.bytes))
  if (text.trim() === '') throw new FileRefusal('no_text', 'The HTML page holds no readable text.')
  return { text, kind: format }
}

type Laid = { text: string; pages: number[]; headings?: Heading[]; kind: FileKind }

/** Converts the starts of pages and headings from UTF-16 units to code points. */
function withPages({ text, pages, headings = [], kind }: Laid): ParsedFile {
  if (pages.length === 0) return { text, kind }
  const laid = { text, kind, pages: pages.map(codePointCounter(text)) }
  if (headings.length === 0) return laid
  const startOf = codePointCounter(text)
  return { ...laid, headings: headings.map((heading) => ({ ...heading, start: startOf(heading.start) })) }
}

/** Throws FileRefusal `too_large` for a size above the limit, before anything is read. */
export function checkFileSize(bytes: number): void {
  if (bytes <= knowledgeLimits.fileBytesMax) return
  const inMb = (size: number) => `${Math.ceil(size / 1_048_576)} MiB`
  throw new FileRefusal(
    'too_large',
    `The file has ${inMb(bytes)}; at most ${inMb(knowledgeLimits.fileBytesMax)} are read. Split it and add the parts.`,
  )
}
