import { describedPicture } from './opc-package.ts'
import { type Attributes, withoutElements, type XmlHandler } from './read-xml.ts'

export type SlideBlock =
  | { type: 'paragraph'; text: string }
  | { type: 'item'; text: string; depth: number }
  | { type: 'table'; rows: string[][] }

export type SlideText = { title: string; blocks: SlideBlock[] }

/** Placeholders with the same content on every slide. */
const furniture: ReadonlySet<string> = new Set(['dt', 'ftr', 'sldNum', 'hdr', 'sldImg'])

/** Placeholders whose paragraphs get bullets from the layout of the slide. */
const bulleted: ReadonlySet<string> = new Set(['body', 'obj'])

type Shape = { placeholder: string | undefined; description: string }
type Paragraph = { text: string; depth: number; bullet: boolean | undefined }

/** Reads the text of the shapes of a slide, of its notes or of a diagram (DrawingML, ECMA-376 part 1, 21.1), in the order of the file. */
export function createSlideReader(): { handler: XmlHandler; text: SlideText } {
  const slide: SlideText = { title: '', blocks: [] }
  let shape: Shape = { placeholder: undefined, description: '' }
  let paragraph: Paragraph | undefined
  let table: string[][] | undefined
  let isInText = false

  function openElement(name: string, attributes: Attributes): void {
    if (name === 'sp' || name === 'pic' || name === 'graphicFrame') shape = { placeholder: undefined, description: '' }
    else if (name === 'cNvPr') shape.description = describedPicture(attributes)
    else if (name === 'ph') shape.placeholder = attributes.type ?? 'obj'
    else if (name === 'tbl') table = []
    else if (name === 'tr') table?.push([])
    else if (name === 'tc') table?.at(-1)?.push('')
    else if (name === 'p') paragraph = { text: '', depth: 0, bullet: undefined }
    else if (paragraph !== undefined) isInText = readParagraphElement(paragraph, name, attributes)
  }

  function endParagraph({ text, depth, bullet }: Paragraph): void {
    const { placeholder } = shape
    const row = table?.at(-1)
    if (row !== undefined) row.push(`${row.pop() ?? ''} ${text}`.trim())
    else if (placeholder === 'title' || placeholder === 'ctrTitle') slide.title = `${slide.title} ${text}`.trim()
    else if (text.trim() === '' || furniture.has(placeholder ?? '')) return
    else if (bullet ?? bulleted.has(placeholder ?? '')) slide.blocks.push({ type: 'item', text, depth })
    else slide.blocks.push({ type: 'paragraph', text })
  }

  function closeElement(name: string): void {
    isInText = false
    if (name === 'p' && paragraph !== undefined) {
      endParagraph(paragraph)
      paragraph = undefined
    } else if (name === 'tbl' && table !== undefined) {
      slide.blocks.push({ type: 'table', rows: table })
      table = undefined
    } else if (name === 'pic' && shape.description !== '') slide.blocks.push({ type: 'paragraph', text: shape.description })
  }

  const handler = withoutElements(new Set(['Fallback']), {
    open: openElement,
    close: closeElement,
    text(data) {
      if (isInText && paragraph !== undefined) paragraph.text += data
    },
  })
  return { handler, text: slide }
}

/** Reads an element within a paragraph. Answers whether its text belongs to the paragraph. */
function readParagraphElement(paragraph: Paragraph, name: string, attributes: Attributes): boolean {
  if (name === 'pPr') paragraph.depth = Number(attributes.lvl ?? 0)
  else if (name === 'buNone') paragraph.bullet = false
  else if (name === 'buChar' || name === 'buAutoNum') paragraph.bullet = true
  else if (name === 'br') paragraph.text += '\n'
  return name === 't'
}
