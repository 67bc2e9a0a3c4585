import { createMarkdownWriter, type MarkdownWriter, type PagedText } from './markdown-writer.ts'
import { mainPart, readRelationships } from './opc-package.ts'
import type { Archive } from './read-archive.ts'
import { prefixed, readXml } from './read-xml.ts'
import { readSharedStrings, readSheet, type SheetRow, type Workbook } from './xlsx-sheet.ts'
import { readNumberFormats } from './xlsx-values.ts'

/**
 * The text of a workbook: a heading for each sheet that is not hidden, and a table for each run of rows between empty rows. The first row of a table is taken as its
 * header, and a run of one row with one cell is a paragraph. Values are those that Excel computed last.
 */
export async function xlsxToText(archive: Archive): Promise<PagedText> {
  const part = await mainPart(archive)
  const related = await readRelationships(archive, part)
  const find = (type: string) => related.find((each) => each.type === type && archive.has(each.target))?.target
  const [strings, styles] = [find('sharedStrings'), find('styles')]
  const { sheets, isFrom1904 } = await readWorkbook(archive.read(part), part)
  const workbook: Workbook = {
    strings: strings === undefined ? [] : await readSharedStrings(archive.read(strings)),
    formats: styles === undefined ? [] : await readNumberFormats(archive.read(styles)),
    isFrom1904,
  }
  const writer = createMarkdownWriter()
  for (const sheet of sheets) {
    const target = related.find(({ id, type }) => id === sheet.relationshipId && type === 'worksheet')?.target
    if (target === undefined) continue
    const table = createTableWriter(writer, sheet.name)
    await readSheet({ pieces: archive.read(target), name: target }, workbook, table.row)
    table.end()
  }
  return writer.finish()
}

type Sheet = { name: string; relationshipId: string }

async function readWorkbook(pieces: AsyncIterable<string>, part: string): Promise<{ sheets: Sheet[]; isFrom1904: boolean }> {
  const sheets: Sheet[] = []
  let isFrom1904 = false
  await readXml(pieces, part, {
    open(name, attributes) {
      const isShown = attributes.state === undefined || attributes.state === 'visible'
      if (name === 'workbookPr') isFrom1904 = /^(?:1|true)$/.test(attributes.date1904 ?? '')
      else if (name === 'sheet' && isShown) {
        sheets.push({ name: attributes.name ?? '', relationshipId: prefixed(attributes, 'id') ?? '' })
      }
    },
  })
  return { sheets, isFrom1904 }
}

/** How many rows are looked at to know which columns a table has. */
const sampledRows = 200

/**
 * Writes the rows of a sheet as tables. Only the first rows of each table are held in memory. Cells of later rows in columns that those do not use come last.
 */
function createTableWriter(writer: MarkdownWriter, title: string): { row(row: SheetRow): void; end(): void } {
  let sample: SheetRow[] = []
  let columns: Set<number> | undefined
  let lastNumber = -1

  function writeRow({ cells }: SheetRow): void {
    const texts: string[] = []
    for (const column of columns ?? []) texts.push(cells.get(column) ?? '')
    for (const [column, text] of cells) if (columns?.has(column) === false) texts.push(text)
    writer.row(texts)
  }

  function settle(): void {
    columns = new Set(sample.flatMap(({ cells }) => [...cells.keys()]).sort((a, b) => a - b))
    for (const [index, row] of sample.entries()) {
      writeRow(row)
      if (index === 0) writer.headerEnd(columns.size)
    }
    sample = []
  }

  function end(): void {
    const only = sample.length === 1 ? sample[0]?.cells : undefined
    if (columns === undefined && only?.size === 1) writer.paragraph([...only.values()].join(''))
    else if (sample.length > 0) settle()
    writer.endBlock()
    sample = []
    columns = undefined
  }

  return {
    row(row) {
      if (lastNumber === -1) writer.heading(1, title)
      if (row.number > lastNumber + 1) end()
      lastNumber = row.number
      if (columns !== undefined) writeRow(row)
      else if (sample.push(row) === sampledRows) settle()
    },
    end,
  }
}
