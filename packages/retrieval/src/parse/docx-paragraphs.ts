import { withoutBreakMarks } from '../text/break-marks.ts'
import { headingLevelOfOutline, listLevelOf } from './docx-styles.ts'
import { describedPicture } from './opc-package.ts'
import { type Attributes, prefixed, type XmlHandler } from './read-xml.ts'

/** A paragraph. `breaks`: offsets in `text` where a page began when Word last laid out the document. `notes`: keys of its footnotes and endnotes. */
export type DocxParagraph = {
  text: string
  breaks: number[]
  styleId: string
  headingLevel?: number
  numberingId?: string
  numberingLevel?: number
  notes: string[]
}

/** Elements that a reader does not see: alternatives for other programs, text that was deleted or moved away, earlier properties, and readings of ruby text. */
export const unreadDocxElements: ReadonlySet<string> = new Set(
  'Fallback del moveFrom pPrChange rPrChange tblPrChange trPrChange tcPrChange sectPrChange rt'.split(' '),
)

/** Reads paragraphs as a reader sees them. A paragraph within another one (in a text box) comes before it. */
export function createParagraphReader(onParagraph: (paragraph: DocxParagraph) => void): XmlHandler {
  const open: DocxParagraph[] = []
  let isInText = false
  let run: { isHidden: boolean } | undefined

  function openElement(paragraph: DocxParagraph, name: string, attributes: Attributes): void {
    if (name === 't') isInText = true
    else if (name === 'r') run = { isHidden: false }
    else if (run === undefined) readProperty(paragraph, name, prefixed(attributes, 'val') ?? '')
    else if (name === 'vanish') run.isHidden = !/^(?:0|false|off)$/.test(prefixed(attributes, 'val') ?? '')
    else if (!run.isHidden) readRunElement(paragraph, name, attributes)
  }

  return {
    open(name, attributes) {
      const paragraph = open.at(-1)
      if (name === 'p') {
        open.push({ text: '', breaks: [], styleId: '', notes: [] })
        run = undefined
      } else if (paragraph !== undefined) openElement(paragraph, name, attributes)
    },
    close(name) {
      if (name === 't') isInText = false
      else if (name === 'r') run = undefined
      else if (name === 'p') {
        const paragraph = open.pop()
        if (paragraph !== undefined) onParagraph(paragraph)
      }
    },
    text(data) {
      const paragraph = open.at(-1)
      if (isInText && paragraph !== undefined && run?.isHidden !== true) paragraph.text += withoutBreakMarks(data)
    },
  }
}

function readProperty(paragraph: DocxParagraph, name: string, value: string): void {
  if (name === 'pStyle') paragraph.styleId = value
  else if (name === 'numId') paragraph.numberingId = value
  else if (name === 'ilvl') paragraph.numberingLevel = listLevelOf(value)
  else if (name === 'outlineLvl') {
    const level = headingLevelOfOutline(value)
    if (level !== undefined) paragraph.headingLevel = level
  }
}

function readRunElement(paragraph: DocxParagraph, name: string, attributes: Attributes): void {
  if (name === 'tab') paragraph.text += '\t'
  else if (name === 'br' || name === 'cr') paragraph.text += '\n'
  else if (name === 'noBreakHyphen') paragraph.text += '-'
  else if (name === 'docPr') paragraph.text += describedPicture(attributes)
  else if (name === 'lastRenderedPageBreak') paragraph.breaks.push(paragraph.text.length)
  else if (name === 'footnoteReference' || name === 'endnoteReference') {
    paragraph.notes.push(noteKey(name.slice(0, -'Reference'.length), prefixed(attributes, 'id')))
  }
}

export function noteKey(kind: string, id: string | undefined): string {
  return `${kind} ${id ?? ''}`
}
