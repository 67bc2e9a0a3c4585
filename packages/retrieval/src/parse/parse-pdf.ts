import type { Heading } from '../text/heading.ts'
import { FileRefusal } from './file-refusal.ts'
import { findHeadings } from './pdf-headings.ts'
import { joinLines, type PdfLine } from './pdf-lines.ts'
import { type OutlinedDocument, readOutline } from './pdf-outline.ts'
import { withoutRunningLines } from './pdf-running-lines.ts'
import { hyphenKeeper } from './pdf-words.ts'

/** More pages than the PDF specification and its errata have together. A file with more is hardly one document. */
const pdfPagesMax = 5_000

/** The text of a PDF. `pages[i]` is the UTF-16 offset at which page i + 1 begins; `headings` are the lines that the PDF's outline names. */
export type PdfText = { text: string; pages: number[]; headings: Heading[] }

/** Reads the text of a PDF page by page. Throws FileRefusal `damaged_pdf`, `encrypted_pdf`, `too_many_pages` or `no_text`. Detaches `bytes`. */
export async function pdfToText(bytes: Uint8Array, signal?: AbortSignal): Promise<PdfText> {
  const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs')
  const loading = pdfjs.getDocument({ data: bytes, verbosity: 0, disableFontFace: true, useSystemFonts: false, ...localFonts() })
  try {
    const document = await loading.promise
    if (document.numPages > pdfPagesMax) {
      throw new FileRefusal(
        'too_many_pages',
        `The PDF has ${document.numPages} pages; at most ${pdfPagesMax} are read. Split it and add the parts.`,
      )
    }
    return await readPages(document, signal)
  } catch (cause) {
    throw refusalOf(cause)
  } finally {
    await loading.destroy()
  }
}

/** How often the library's memory is cleaned up: it keeps all that it has read, 210 MB for 2,000 pages. */
const pagesBetweenCleanups = 50

type TextItem = { str: string; hasEOL: boolean; height: number; transform: number[] }
type Page = { getTextContent(): Promise<{ items: object[] }>; cleanup(): unknown }
type PdfDocument = OutlinedDocument & { numPages: number; cleanup(): Promise<unknown>; getPage(number: number): Promise<Page> }

async function readPages(document: PdfDocument, signal: AbortSignal | undefined): Promise<PdfText> {
  const read: PdfLine[][] = []
  for (let number = 1; number <= document.numPages; number++) {
    signal?.throwIfAborted()
    const page = await document.getPage(number)
    const { items } = await page.getTextContent()
    read.push(linesOf(items.filter(isTextItem)))
    page.cleanup()
    if (number % pagesBetweenCleanups === 0) await document.cleanup()
  }
  const bare = withoutRunningLines(read)
  const named = findHeadings(bare, await readOutline(document))
  const keepsHyphen = hyphenKeeper(bare)
  const pages: number[] = []
  const headings: Heading[] = []
  let text = ''
  for (const lines of bare) {
    if (text !== '' && !text.endsWith('\n\n')) text += '\n\n'
    pages.push(text.length)
    const joined = joinLines(lines, named, keepsHyphen)
    for (const [line, start] of joined.starts) {
      const heading = named.get(line)
      if (heading !== undefined) headings.push({ ...heading, start: text.length + start })
    }
    text += joined.text
  }
  if (text.trim() === '') {
    throw new FileRefusal(
      'no_text',
      `The PDF has ${document.numPages} page(s) but no text: perhaps it was scanned. Run text recognition (OCR) and add the result.`,
    )
  }
  return { text, pages, headings }
}

function isTextItem(item: object): item is TextItem {
  return 'str' in item && 'transform' in item && Array.isArray(item.transform)
}

/** The lines of a page, as they are laid out. */
function linesOf(items: TextItem[]): PdfLine[] {
  const lines: PdfLine[] = []
  let line = ''
  let [y, height] = [0, 0]
  const endLine = () => {
    const text = clean(line)
    if (text !== '') lines.push({ text, y, height })
    line = ''
    height = 0
  }
  for (const item of items) {
    if (item.str !== '') {
      if (line !== '' && Math.abs((item.transform[5] ?? 0) - y) > Math.max(height, item.height) * 0.7) endLine()
      line += item.str
      y = item.transform[5] ?? 0
      height = Math.max(height, item.height)
    }
    if (item.hasEOL) endLine()
  }
  endLine()
  return lines
}

/** The dots between a title and its page number in a table of contents. */
const dotLeader = /(?: ?[.·…]){6,} ?/g

function clean(line: string): string {
  return line
    .toWellFormed()
    .replace(/[\s\u00a0\p{Cc}]+/gu, ' ')
    .trim()
    .replace(/\u00ad(?!$)/g, '')
    .replace(dotLeader, ' ..... ')
}

/** Character maps and standard fonts are read from the library's own folder, so that nothing is fetched. */
function localFonts(): { cMapUrl: string; standardFontDataUrl: string } {
  const library = new URL('../../', import.meta.resolve('pdfjs-dist/legacy/build/pdf.mjs')).pathname
  return { cMapUrl: `${library}cmaps/`, standardFontDataUrl: `${library}standard_fonts/` }
}

function refusalOf(thrown: unknown): unknown {
  if (thrown instanceof FileRefusal || !(thrown instanceof Error) || thrown.name === 'AbortError') return thrown
  if (thrown.name === 'PasswordException') {
    return new FileRefusal('encrypted_pdf', 'The PDF is protected by a password. Save it without one and add it again.', {
      cause: thrown,
    })
  }
  return new FileRefusal('damaged_pdf', `The PDF cannot be read: ${thrown.message}`, { cause: thrown })
}
