/** A cell of CSV (RFC 4180). Text that a spreadsheet would take for a formula is told apart by an apostrophe, as users name themselves. */
function csvCell(value: string | number | boolean | null | undefined): string {
  if (typeof value !== 'string') return value == null ? '' : String(value)
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

export function csvLine(cells: readonly (string | number | boolean | null | undefined)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}
