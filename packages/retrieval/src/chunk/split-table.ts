import papaparse from 'papaparse'
import type { Block } from './block.ts'
import { pathWithColumns } from './table-columns.ts'

/**
 * The blocks of values that are separated by commas, semicolons, tabs or the like: one for each row, which may have line breaks in quotes. When the first row looks
 * like names of columns, these are the path of all rows below it.
 */
export function* splitTable(text: string): Generator<Block> {
  const { ends, header } = findRows(text)
  const path = pathWithColumns('', header)
  let start = 0
  for (const [index, end] of ends.entries()) {
    if (end > start) yield { start, end, type: 'table', path: index === 0 ? '' : path }
    start = Math.max(start, end)
  }
  if (text.length > start) yield { start, end: text.length, type: 'table', path: ends.length === 0 ? '' : path }
}

/** How much is parsed at once. Long, because a quote that was left open makes the parser begin again with every further part. */
const partLetters = 4_194_304

/** Where the rows end, and the cells of the first row if they look like names of columns. */
function findRows(text: string): { ends: number[]; header: string[] } {
  const ends: number[] = []
  let header: string[] | undefined
  papaparse.parse<string[]>(text, {
    chunkSize: partLetters,
    skipEmptyLines: true,
    step({ data, meta }) {
      header ??= data
      ends.push(meta.cursor)
    },
  })
  return { ends, header: header !== undefined && looksLikeNames(header) ? header : [] }
}

/** Names of columns are short and are no numbers. */
function looksLikeNames(cells: string[]): boolean {
  return cells.every((cell) => cell.length <= 100 && !/^\s*[-+]?[\d.,]+%?\s*$/.test(cell))
}
