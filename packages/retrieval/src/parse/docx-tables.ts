import type { MarkdownWriter } from './markdown-writer.ts'
import { type Attributes, prefixed } from './read-xml.ts'

/** Follows the tables of a Word document, which may be nested. An outermost table is written when it ends. */
export type DocxTables = {
  open(name: string, attributes: Attributes): void
  close(name: string, writer: MarkdownWriter): void
  isInCell(): boolean
  /** Adds a paragraph to the open cell. `breaks` is how many pages began in it. */
  addText(text: string, breaks: number): void
}

type Row = { cells: string[][]; breaks: number }
type Table = { rows: Row[]; span: number }

/** How many columns a cell may span: Word's limit. */
const spanMax = 63

export function createDocxTables(): DocxTables {
  const tables: Table[] = []
  const cellOf = (table: Table | undefined) => table?.rows.at(-1)?.cells.at(-1)
  return {
    open(name, attributes) {
      const table = tables.at(-1)
      if (name === 'tbl') tables.push({ rows: [], span: 1 })
      if (table === undefined) return
      if (name === 'tr') table.rows.push({ cells: [], breaks: 0 })
      else if (name === 'tc') openCell(table)
      else if (name === 'gridSpan') table.span = Math.min(Number(prefixed(attributes, 'val')) || 1, spanMax)
    },
    close(name, writer) {
      if (name === 'tc') closeCell(tables.at(-1))
      if (name !== 'tbl') return
      const table = tables.pop()
      const outer = cellOf(tables.at(-1))
      if (table === undefined) return
      if (outer === undefined) writeTable(writer, table.rows)
      else outer.push(table.rows.map((row) => textsOf(row).join(' ')).join('; '))
    },
    isInCell: () => tables.length > 0,
    addText(text, breaks) {
      const table = tables.at(-1)
      cellOf(table)?.push(text)
      const row = tables[0]?.rows.at(-1)
      if (row !== undefined) row.breaks += breaks
    },
  }
}

function openCell(table: Table): void {
  table.span = 1
  table.rows.at(-1)?.cells.push([])
}

/** Adds empty cells after a cell that spans several columns, so that the columns of all rows match. */
function closeCell(table: Table | undefined): void {
  for (let more = 1; table !== undefined && more < table.span; more++) table.rows.at(-1)?.cells.push([])
}

function textsOf({ cells }: Row): string[] {
  return cells.map((paragraphs) => paragraphs.join(' '))
}

/** Writes a table. One with a single column is only a frame around text, and is written as paragraphs. */
function writeTable(writer: MarkdownWriter, rows: Row[]): void {
  const columns = rows.reduce((most, { cells }) => Math.max(most, cells.length), 0)
  writer.endBlock()
  for (const [index, row] of rows.entries()) {
    for (let page = 0; page < row.breaks; page++) writer.beginPage()
    if (columns <= 1) for (const text of row.cells[0] ?? []) writer.paragraph(text)
    else writer.row(textsOf(row))
    if (columns > 1 && index === 0) writer.headerEnd(columns)
  }
  writer.endBlock()
}
