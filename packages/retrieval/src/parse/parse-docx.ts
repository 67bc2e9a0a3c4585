import { type DocxNumbering, readDocxNumbering } from './docx-numbering.ts'
import { createParagraphReader, type DocxParagraph, noteKey, unreadDocxElements } from './docx-paragraphs.ts'
import { type ParagraphStyle, readDocxStyles } from './docx-styles.ts'
import { createDocxTables, type DocxTables } from './docx-tables.ts'
import { createMarkdownWriter, type MarkdownWriter, type PagedText } from './markdown-writer.ts'
import { mainPart, readRelationships } from './opc-package.ts'
import type { Archive } from './read-archive.ts'
import { prefixed, readXml, withoutElements } from './read-xml.ts'

/**
 * The text of a Word document: headings (known by their styles) with their numbers, lists, tables, and notes below the paragraph that refers to them. Without
 * headers, footers, comments, and anything that a reader does not see. Pages are those of Word's last layout, if the file has them.
 */
export async function docxToText(archive: Archive): Promise<PagedText> {
  const part = await mainPart(archive)
  const related = await readRelationships(archive, part)
  const find = (type: string) => related.find((each) => each.type === type && archive.has(each.target))?.target
  const [styles, numbering] = [find('styles'), find('numbering')]
  const document: Document = {
    writer: createMarkdownWriter(),
    tables: createDocxTables(),
    styleOf: styles === undefined ? () => ({}) : await readDocxStyles(archive.read(styles)),
    numbering: numbering === undefined ? () => undefined : await readDocxNumbering(archive.read(numbering)),
    notes: new Map(),
  }
  for (const kind of ['footnote', 'endnote']) {
    const notes = find(`${kind}s`)
    if (notes !== undefined) await readNotes(archive.read(notes), kind, document.notes)
  }
  await readBody(archive.read(part), part, document)
  const { text, pages } = document.writer.finish()
  return { text, pages: pages.length === 0 ? [] : [0, ...pages] }
}

type Document = {
  writer: MarkdownWriter
  tables: DocxTables
  styleOf(id: string): ParagraphStyle
  numbering: DocxNumbering
  notes: Map<string, string>
}

async function readNotes(pieces: AsyncIterable<string>, kind: string, notes: Map<string, string>): Promise<void> {
  let key = ''
  const paragraphs = createParagraphReader(({ text }) => void notes.set(key, `${notes.get(key) ?? ''} ${text}`.trim()))
  await readXml(
    pieces,
    `${kind}s`,
    withoutElements(unreadDocxElements, {
      ...paragraphs,
      open(name, attributes) {
        if (name === kind) key = noteKey(kind, prefixed(attributes, 'id'))
        paragraphs.open?.(name, attributes)
      },
    }),
  )
}

async function readBody(pieces: AsyncIterable<string>, part: string, document: Document): Promise<void> {
  const { tables, writer } = document
  const paragraphs = createParagraphReader((paragraph) => writeParagraph(document, paragraph))
  await readXml(
    pieces,
    part,
    withoutElements(unreadDocxElements, {
      ...paragraphs,
      open(name, attributes) {
        tables.open(name, attributes)
        paragraphs.open?.(name, attributes)
      },
      close(name) {
        paragraphs.close?.(name)
        tables.close(name, writer)
      },
    }),
  )
}

function writeParagraph({ writer, tables, styleOf, numbering, notes }: Document, paragraph: DocxParagraph): void {
  const { text, breaks } = paragraph
  const { headingLevel, numberingId = '0', numberingLevel = 0 } = { ...styleOf(paragraph.styleId), ...structureOf(paragraph) }
  const label = numberingId === '0' ? undefined : numbering(numberingId, numberingLevel)
  const noteTexts = paragraph.notes.map((key) => notes.get(key) ?? '').filter((note) => note !== '')
  if (tables.isInCell()) {
    tables.addText([label, text, ...noteTexts.map((note) => `(Note: ${note})`)].filter(Boolean).join(' '), breaks.length)
    return
  }
  if (headingLevel !== undefined && text.trim() !== '') {
    for (const _ of breaks) writer.beginPage()
    writer.heading(headingLevel, label === undefined || label === '-' ? text : `${label} ${text}`)
  } else if (label !== undefined) writer.item(text, { depth: numberingLevel, label, breaks })
  else writer.paragraph(text, breaks)
  for (const note of noteTexts) writer.paragraph(`Note: ${note}`)
}

/** The structure that the paragraph itself defines. Absent properties are left out, so that they do not hide those of the style. */
function structureOf({ headingLevel, numberingId, numberingLevel }: DocxParagraph): ParagraphStyle {
  return {
    ...(headingLevel === undefined ? {} : { headingLevel }),
    ...(numberingId === undefined ? {} : { numberingId }),
    ...(numberingLevel === undefined ? {} : { numberingLevel }),
  }
}
