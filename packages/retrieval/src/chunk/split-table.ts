import papaparse from 'papaparse'
import type { Block } from './block.ts'
import { pathWithColumns } from './table-columns.ts'

/**
 * Blocks of comma-, semicolon-, tab- or otherwise separated values: a row each, line breaks in quotes being part of it. Rows below the first stand
 * under the names of their columns, when the first looks like names.
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

/** Parsed at once: enough that a quote left open, which is tried again with every further part, costs little. */
const partLetters = 4_194_304

/** Where rows end, and the cells of the first if they are names of columns. */
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

/** Names are no numbers, and short. */
function looksLikeNames(cells: string[]): boolean {
  return cells.every((cell) => cell.length <= 100 && !/^\s*[-+]?[\d.,]+%?\s*$/.test(cell))
}
