import { FileRefusal } from './file-refusal.ts'
import { createMarkdownWriter, type MarkdownWriter, type PagedText } from './markdown-writer.ts'
import { mainPart, readRelationships } from './opc-package.ts'
import { createSlideReader, type SlideText } from './pptx-slide.ts'
import { type Archive, damaged } from './read-archive.ts'
import { prefixed, readXml } from './read-xml.ts'

/** The same limit as for pages of a PDF. */
const slidesMax = 5_000

/**
 * The text of a presentation, with a page for each slide: its title as a heading, its lists and tables, the text in its diagrams, and the speaker's notes. Of charts and
 * pictures it only has their descriptions.
 */
export async function pptxToText(archive: Archive): Promise<PagedText> {
  const part = await mainPart(archive)
  const related = new Map((await readRelationships(archive, part)).map(({ id, target }) => [id, target]))
  const writer = createMarkdownWriter()
  let hasText = false
  for (const [index, id] of (await listSlides(archive, part)).entries()) {
    const target = related.get(id)
    if (target === undefined) throw damaged(`slide ${index + 1} is missing`)
    const slide = await readSlide(archive, target)
    writer.beginPage()
    writer.heading(1, slide.title.trim() === '' ? `Slide ${index + 1}` : slide.title)
    writeSlide(writer, slide)
    hasText ||= slide.title.trim() !== '' || slide.blocks.length > 0 || slide.notes.length > 0
  }
  return hasText ? writer.finish() : { text: '', pages: [] }
}

async function listSlides(archive: Archive, part: string): Promise<string[]> {
  const ids: string[] = []
  await readXml(archive.read(part), part, {
    open(name, attributes) {
      if (name === 'sldId') ids.push(prefixed(attributes, 'id') ?? '')
    },
  })
  if (ids.length <= slidesMax) return ids
  const message = `The presentation has ${ids.length} slides; at most ${slidesMax} are read. Split it and add the parts.`
  throw new FileRefusal('too_many_pages', message)
}

type Slide = SlideText & { notes: string[] }

async function readSlide(archive: Archive, part: string): Promise<Slide> {
  const slide = await readShapes(archive, part)
  const notes: string[] = []
  for (const { type, target } of await readRelationships(archive, part)) {
    if (!archive.has(target)) continue
    if (type === 'diagramData') slide.blocks.push(...(await readShapes(archive, target)).blocks)
    if (type === 'notesSlide') {
      const { blocks } = await readShapes(archive, target)
      notes.push(...blocks.flatMap((block) => (block.type === 'table' ? [] : [block.text])))
    }
  }
  return { ...slide, notes }
}

async function readShapes(archive: Archive, part: string): Promise<SlideText> {
  const reader = createSlideReader()
  await readXml(archive.read(part), part, reader.handler)
  return reader.text
}

function writeSlide(writer: MarkdownWriter, { blocks, notes }: Slide): void {
  for (const block of blocks) {
    if (block.type === 'item') writer.item(block.text, { depth: block.depth })
    else if (block.type === 'paragraph') writer.paragraph(block.text)
    else {
      writer.endBlock()
      for (const [index, row] of block.rows.entries()) {
        writer.row(row)
        if (index === 0) writer.headerEnd(row.length)
      }
      writer.endBlock()
    }
  }
  for (const [index, note] of notes.entries()) writer.paragraph(index === 0 ? `Notes: ${note}` : note)
}
