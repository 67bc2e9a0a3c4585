import { readXml, withoutElements } from './read-xml.ts'
import { type NumberFormat, numberText, unescapeCell } from './xlsx-values.ts'

/** The texts of a row by the number of the column, counted from 0. Cells that are not there are empty. */
export type SheetRow = { number: number; cells: Map<number, string> }

export type Workbook = { strings: string[]; formats: NumberFormat[]; isFrom1904: boolean }

/** `rPh` has the reading of East Asian text, which is not part of the text. */
const unreadElements: ReadonlySet<string> = new Set(['rPh'])

/** The texts that cells refer to by number, in their order. */
export async function readSharedStrings(pieces: AsyncIterable<string>): Promise<string[]> {
  const strings: string[] = []
  let text = ''
  let isInText = false
  await readXml(
    pieces,
    'sharedStrings',
    withoutElements(unreadElements, {
      open(name) {
        if (name === 'si') text = ''
        else if (name === 't') isInText = true
      },
      close(name) {
        if (name === 't') isInText = false
        else if (name === 'si') strings.push(unescapeCell(text))
      },
      text(data) {
        if (isInText) text += data
      },
    }),
  )
  return strings
}

type Cell = { column: number; type: string; style: number; value: string; formula: string; text: string }

/** Calls `onRow` with each row of a sheet that is not empty, in their order. */
export async function readSheet(
  sheet: { pieces: AsyncIterable<string>; name: string },
  workbook: Workbook,
  onRow: (row: SheetRow) => void,
): Promise<void> {
  let row: SheetRow = { number: 0, cells: new Map() }
  let cell = emptyCell(-1)
  let inside: 'value' | 'formula' | 'text' | undefined
  await readXml(
    sheet.pieces,
    sheet.name,
    withoutElements(unreadElements, {
      open(name, attributes) {
        if (name === 'row') row = { number: Number(attributes.r ?? row.number + 1), cells: new Map() }
        else if (name === 'c') {
          cell = emptyCell(attributes.r === undefined ? cell.column + 1 : columnOf(attributes.r))
          cell.type = attributes.t ?? 'n'
          cell.style = Number(attributes.s ?? 0)
        } else inside = fieldOf(name)
      },
      close(name) {
        inside = undefined
        if (name === 'c') {
          const text = cellText(cell, workbook).slice(0, cellLettersMax)
          if (text.trim() !== '') row.cells.set(cell.column, text)
        } else if (name === 'row') {
          cell = emptyCell(-1)
          if (row.cells.size > 0) onRow(row)
        }
      },
      text(data) {
        if (inside !== undefined) cell[inside] += data
      },
    }),
  )
}

/** Excel's own limit. Without it, one long text to which many cells refer would be written for each of them. */
const cellLettersMax = 32_767

function emptyCell(column: number): Cell {
  return { column, type: 'n', style: 0, value: '', formula: '', text: '' }
}

function fieldOf(name: string): 'value' | 'formula' | 'text' | undefined {
  if (name === 'v') return 'value'
  if (name === 'f') return 'formula'
  return name === 't' ? 'text' : undefined
}

/** The text of a cell. A formula whose value was not computed yet is shown as it is. */
function cellText({ type, style, value, formula, text }: Cell, { strings, formats, isFrom1904 }: Workbook): string {
  if (type === 's') return strings[Number(value)] ?? ''
  if (type === 'inlineStr') return unescapeCell(text)
  if (value === '') return formula === '' ? '' : `=${formula}`
  if (type === 'b') return value === '1' ? 'TRUE' : 'FALSE'
  if (type === 'n') return numberText(value, formats[style] ?? 'plain', isFrom1904)
  return unescapeCell(value)
}

const columnsMax = 16_384

/** The number of the column in a reference to a cell: 54 for `BC12`. */
function columnOf(reference: string): number {
  let column = 0
  for (let at = 0; at < 3; at++) {
    const letter = reference.charCodeAt(at) & ~32
    if (letter < 65 || letter > 90) break
    column = column * 26 + letter - 64
  }
  return Math.min(column, columnsMax) - 1
}
