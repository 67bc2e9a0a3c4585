/** The most of a trail of headings, and of the names of columns, that a path has, so that it fits beside any chunk. */
const trailLettersMax = 120
const columnsLettersMax = 180

/** The path of rows whose header is in another chunk: the headings above the table, then the names of its columns. */
export function pathWithColumns(path: string, names: string[]): string {
  const columns = names
    .map((name) => name.replace(/\s+/g, ' ').trim())
    .filter((name) => name !== '')
    .join(', ')
  if (columns === '') return path
  const short = cut(columns, columnsLettersMax)
  return path === '' ? short : `${cut(path, trailLettersMax)} > ${short}`
}

function cut(text: string, lettersMax: number): string {
  return text.length <= lettersMax ? text : text.slice(0, lettersMax).toWellFormed().trimEnd()
}

/** The cells of a row of a Markdown table. */
export function cellsOfRow(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll('\\|', '|'))
}
