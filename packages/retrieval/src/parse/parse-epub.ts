import { posix } from 'node:path'
import { FileRefusal } from './file-refusal.ts'
import { createMarkdownWriter, type PagedText } from './markdown-writer.ts'
import { resolvePart } from './opc-package.ts'
import { htmlToText } from './parse-html.ts'
import { type Archive, damaged } from './read-archive.ts'
import { readXml } from './read-xml.ts'

/**
 * The text of an e-book in reading order, with its chapters (the documents of its spine) as pages. A chapter that does not begin with a heading gets its title from
 * the table of contents. Throws FileRefusal `encrypted_document` for a book with copy protection.
 */
export async function epubToText(archive: Archive): Promise<PagedText> {
  const book = await readPackage(archive, await packagePart(archive))
  await refuseProtected(archive, book.chapters)
  const labels = await readLabels(archive, book.contents)
  const writer = createMarkdownWriter()
  let hasText = false
  for (const chapter of book.chapters) {
    const text = htmlToText(await wholeText(archive.read(chapter)), { isTitleKept: false })
    writer.beginPage()
    if (chapter === book.chapters[0]) writeTitle(writer, book)
    if (!text.startsWith('#')) writer.heading(1, text === '' ? '' : (labels.get(chapter) ?? ''))
    writer.paragraph(text)
    hasText ||= text !== ''
  }
  return hasText ? writer.finish() : { text: '', pages: [] }
}

type Book = { title: string; authors: string[]; chapters: string[]; contents: string[] }

function writeTitle(writer: ReturnType<typeof createMarkdownWriter>, { title, authors }: Book): void {
  writer.heading(1, title)
  writer.paragraph(authors.join(', '))
}

async function packagePart(archive: Archive): Promise<string> {
  const container = 'META-INF/container.xml'
  let part = ''
  await readXml(archive.read(container), container, {
    open(name, attributes) {
      if (name === 'rootfile' && part === '') part = attributes['full-path'] ?? ''
    },
  })
  if (!archive.has(part)) throw damaged('its package document is missing')
  return part
}

/** Reads the package document (EPUB 3.3, 5): the title and authors of the book, and the reading order of its documents. */
async function readPackage(archive: Archive, part: string): Promise<Book> {
  const folder = posix.dirname(part)
  const book: Book = { title: '', authors: [], chapters: [], contents: [] }
  const documents = new Map<string, string>()
  const spine: string[] = []
  let metadata: 'title' | 'creator' | undefined
  await readXml(archive.read(part), part, {
    open(name, { id = '', href = '', idref = '', 'media-type': type = '', properties = '' }) {
      metadata = name === 'title' || name === 'creator' ? name : undefined
      if (metadata === 'creator') book.authors.push('')
      else if (name === 'itemref') spine.push(idref)
      else if (name === 'item') {
        const target = resolvePart(folder, decodeReference(href))
        if (/xhtml|html/.test(type)) documents.set(id, target)
        if (type === 'application/x-dtbncx+xml' || properties.split(' ').includes('nav')) book.contents.push(target)
      }
    },
    close() {
      metadata = undefined
    },
    text(data) {
      if (metadata === 'title') book.title += data
      else if (metadata === 'creator') book.authors.push(`${book.authors.pop() ?? ''}${data}`)
    },
  })
  book.chapters = spine.flatMap((id) => documents.get(id) ?? []).filter((target) => archive.has(target))
  if (book.chapters.length === 0) throw damaged('none of its chapters is there')
  return book
}

/** Refuses a book whose chapters are encrypted. Encrypted fonts do not matter: they are only meant to stay within the book. */
async function refuseProtected(archive: Archive, chapters: string[]): Promise<void> {
  const part = 'META-INF/encryption.xml'
  if (!archive.has(part)) return
  const hidden = new Set<string>()
  await readXml(archive.read(part), part, {
    open(name, { URI = '' }) {
      if (name === 'CipherReference') hidden.add(decodeReference(URI))
    },
  })
  if (chapters.some((chapter) => hidden.has(chapter)))
    throw new FileRefusal('encrypted_document', 'The e-book is under copy protection. Add one without it.')
}

/** The title of each chapter in the table of contents: `<a href>` in EPUB 3's navigation, `navLabel` and `content` in EPUB 2's. */
async function readLabels(archive: Archive, contents: string[]): Promise<Map<string, string>> {
  const labels = new Map<string, string>()
  for (const part of contents.filter((each) => archive.has(each))) {
    let label = ''
    let target = ''
    const keep = () => {
      const chapter = resolvePart(posix.dirname(part), decodeReference(target.split('#')[0] ?? ''))
      if (target !== '' && label.trim() !== '' && !labels.has(chapter)) labels.set(chapter, label.trim())
    }
    await readXml(archive.read(part), part, {
      open(name, { href = '', src = '' }) {
        if (name === 'a' || name === 'navLabel') label = ''
        if (name === 'a') target = href
        if (name === 'content') {
          target = src
          keep()
        }
      },
      close(name) {
        if (name === 'a') keep()
      },
      text(data) {
        label += data
      },
    })
  }
  return labels
}

function decodeReference(reference: string): string {
  try {
    return decodeURIComponent(reference)
  } catch {
    return reference
  }
}

async function wholeText(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}
