import { readXml } from './read-xml.ts'

/** How the number of a cell is shown; `plain` as it is. */
export type NumberFormat = 'plain' | 'date' | 'percent'

/** The number formats of a workbook's cell styles, by the number of the style (ECMA-376 part 1, 18.8). */
export async function readNumberFormats(pieces: AsyncIterable<string>): Promise<NumberFormat[]> {
  const custom = new Map<number, NumberFormat>()
  const formats: NumberFormat[] = []
  let isInCellFormats = false
  await readXml(pieces, 'styles', {
    open(name, { numFmtId, formatCode }) {
      if (name === 'numFmt') custom.set(Number(numFmtId), formatOfCode(formatCode ?? ''))
      else if (name === 'cellXfs') isInCellFormats = true
      else if (name === 'xf' && isInCellFormats) formats.push(custom.get(Number(numFmtId)) ?? builtInFormat(Number(numFmtId)))
    },
    close(name) {
      if (name === 'cellXfs') isInCellFormats = false
    },
  })
  return formats
}

/**
 * The format of a built-in id (ECMA-376 part 1, 18.8.30): 9 and 10 are percentages, 14 to 22 and 45 to 47 dates and times, 27 to 36 and 50 to 58 East Asian
 * dates.
 */
function builtInFormat(id: number): NumberFormat {
  if (id === 9 || id === 10) return 'percent'
  const isDate = (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58)
  return isDate ? 'date' : 'plain'
}

function formatOfCode(code: string): NumberFormat {
  const bare = code.slice(0, 500).replace(/"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]/gi, '')
  if (/[ymdhs]/i.test(bare) && !/general/i.test(bare)) return 'date'
  return bare.includes('%') ? 'percent' : 'plain'
}

/** The number of a cell as people read it: without the noise of binary fractions, and dates in ISO 8601. */
export function numberText(raw: string, format: NumberFormat, isFrom1904: boolean): string {
  const value = Number(raw)
  if (raw.trim() === '' || !Number.isFinite(value)) return raw
  if (format === 'percent') return `${decimal(value * 100)}%`
  return format === 'date' ? dateText(value, isFrom1904) : decimal(value)
}

/** Excel shows 15 digits at most. */
function decimal(value: number): string {
  return String(Number(value.toPrecision(15)))
}

const dayMs = 86_400_000
const serialMax = 2_958_466

/** The date of a number of days since the end of 1899, or since 1904. Days below 61 are one off, because Excel counts a 29 February 1900. */
function dateText(serial: number, isFrom1904: boolean): string {
  if (serial < 0 || serial >= serialMax) return decimal(serial)
  const epochMs = isFrom1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, serial < 61 ? 31 : 30)
  const iso = new Date(epochMs + Math.round(serial * 86_400) * 1_000).toISOString()
  const time = iso.slice(11, iso.slice(17, 19) === '00' ? 16 : 19)
  if (serial < 1) return time
  return (Math.round(serial * 86_400) * 1_000) % dayMs === 0 ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${time}`
}

/** Replaces escapes like `_x000D_`, as which the text of a cell has characters that XML does not allow (ECMA-376 part 1, 18.4). */
export function unescapeCell(text: string): string {
  if (!text.includes('_x')) return text
  return text.replace(/_x([0-9a-f]{4})_/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
