import { unreadFormat } from './file-kind.ts'
import { FileRefusal } from './file-refusal.ts'
import { type PagedText, tooMuchText } from './markdown-writer.ts'
import { mainPart } from './opc-package.ts'
import { docxToText } from './parse-docx.ts'
import { epubToText } from './parse-epub.ts'
import { pptxToText } from './parse-pptx.ts'
import { xlsxToText } from './parse-xlsx.ts'
import { type Archive, openArchive } from './read-archive.ts'
import { readXml } from './read-xml.ts'

const readers = { docx: docxToText, xlsx: xlsxToText, pptx: pptxToText, epub: epubToText } as const

type DocumentKind = keyof typeof readers

/**
 * The text of a zip file that is an Office document or an e-book, whatever its name says. Throws FileRefusal: `unsupported_type` for any other zip file, `no_text`,
 * `damaged_document`, `encrypted_document`, `zip_bomb` or `too_large`.
 */
export async function documentToText(bytes: Uint8Array, filename: string): Promise<PagedText & { kind: DocumentKind }> {
  const archive = await openArchive(bytes)
  const kind = await documentKind(archive, filename)
  const { text, pages } = await readers[kind](archive).catch((thrown: unknown) => {
    throw thrown instanceof RangeError ? new FileRefusal('too_large', tooMuchText, { cause: thrown }) : thrown
  })
  if (text.trim() === '') throw new FileRefusal('no_text', `"${filename}" holds no text.`)
  return { text, pages, kind }
}

async function documentKind(archive: Archive, filename: string): Promise<DocumentKind> {
  if (archive.has('META-INF/container.xml')) return 'epub'
  if (archive.has('[Content_Types].xml')) return officeKind(await mainContentType(archive), filename)
  const isOpenDocument = archive.has('META-INF/manifest.xml') && archive.has('content.xml')
  throw unreadFormat(filename, isOpenDocument ? 'an OpenDocument file' : 'an archive')
}

/** The content type of a document's main part (ECMA-376 part 2, 9.1). */
async function mainContentType(archive: Archive): Promise<string> {
  const part = `/${await mainPart(archive)}`.toLowerCase()
  let contentType = ''
  await readXml(archive.read('[Content_Types].xml'), '[Content_Types].xml', {
    open(_, { PartName = '', ContentType = '' }) {
      if (PartName.toLowerCase() === part) contentType = ContentType
    },
  })
  return contentType
}

function officeKind(contentType: string, filename: string): DocumentKind {
  if (/wordprocessingml|ms-word/.test(contentType)) return 'docx'
  if (/presentationml|ms-powerpoint/.test(contentType)) return 'pptx'
  if (/spreadsheetml|ms-excel(?!.*binary)/.test(contentType)) return 'xlsx'
  throw unreadFormat(filename, 'an Office document of a rare kind')
}
