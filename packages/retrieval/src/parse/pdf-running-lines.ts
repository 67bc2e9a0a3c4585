import { isApart, type PdfLine } from './pdf-lines.ts'

/** A line that this many pages have is taken for a running title. */
const pagesMin = 3
/** How many lines at the top and bottom of a page are looked at; on a page with little text only a share of them, because they may be all that it says. */
const edgeLinesMax = 3
const edgeShareMax = 0.25

/**
 * The lines of each page without running titles and page numbers. These are lines apart from the text, at the top or bottom of at least three pages, that differ by no
 * more than the number of the page. The first page with such a line keeps it, so that nothing that the document says is lost.
 */
export function withoutRunningLines(pages: PdfLine[][]): PdfLine[][] {
  const edges = pages.map(edgeLines)
  const bearing = new Map<string, number>()
  for (const [index, lines] of edges.entries()) {
    for (const key of new Set(lines.flatMap((line) => keysOf(line, index)))) bearing.set(key, (bearing.get(key) ?? 0) + 1)
  }
  const seen = new Set<string>()
  return pages.map((lines, index) => {
    const repeated = new Set<PdfLine>()
    for (const line of edges[index] ?? []) {
      const keys = keysOf(line, index).filter((key) => (bearing.get(key) ?? 0) >= pagesMin)
      if (keys.some((key) => seen.has(key))) repeated.add(line)
      for (const key of keys) seen.add(key)
    }
    return lines.filter((line) => !repeated.has(line))
  })
}

/** The lines apart from the text at the top and the bottom of a page, whatever their order in the file is. */
function edgeLines(lines: PdfLine[]): PdfLine[] {
  const downwards = lines.toSorted((a, b) => b.y - a.y)
  return [...apartFrom(downwards), ...apartFrom(downwards.toReversed())]
}

function apartFrom(lines: PdfLine[]): PdfLine[] {
  const few = lines.slice(0, Math.min(edgeLinesMax, Math.floor(lines.length * edgeShareMax)))
  const last = few.findLastIndex((line, index) => {
    const next = lines[index + 1]
    return next !== undefined && isApart(line, next)
  })
  return few.slice(0, last + 1)
}

/**
 * Keys by which the lines of different pages are the same: the line itself, and the line with each of its numbers as its distance to the page's. "Report 14" on page 12
 * and "Report 15" on page 13 have a key in common.
 */
function keysOf({ text, y }: PdfLine, page: number): string[] {
  if (text.length > runningLettersMax) return []
  const place = Math.round(y / placePoints)
  const numbered = [...text.matchAll(/\d{1,5}/g)].map(({ 0: number, index }) => {
    return `${place} ${text.slice(0, index)}#${Number(number) - page}${text.slice(index + number.length)}`
  })
  return [`${place} ${text}`, ...numbered]
}

const runningLettersMax = 200
/** Running titles are at the same height on all pages, except for rounding to this many points. */
const placePoints = 8
