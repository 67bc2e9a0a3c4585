/** Rows of cells as a Markdown table; numbers are shown with two digits below 10, one below 100, none above. */
export function markdownTable(head: string[], rows: (string | number)[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(cell)))].join('\n')
}

export function cell(value: string | number): string {
  if (typeof value === 'string') return value
  const size = Math.abs(value)
  return value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0)
}
