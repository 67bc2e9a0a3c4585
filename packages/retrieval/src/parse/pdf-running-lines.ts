import { isApart, type PdfLine } from './pdf-lines.ts'

/** A title that three pages bear is taken for a running one. */
const pagesMin = 3
/** Lines above or below the text of a page that are looked at; of a page with little text, fewer: they may be all it says. */
const edgeLinesMax = 3
const edgeShareMax = 0.25

/**
 * The lines of each page without running titles and page numbers: what stands apart above or below the text of at least three pages, but for the page's
 * number. The first page that bears such a line keeps it, so that nothing is lost that the document says.
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

/** What stands apart at the top and at the bottom of a page, wherever in the file it comes. */
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

/** The line, and the line with each of its numbers as the distance to the page's: page 12 of "Report 14" and page 13 of "Report 15" bear the same. */
function keysOf({ text, y }: PdfLine, page: number): string[] {
  if (text.length > runningLettersMax) return []
  const place = Math.round(y / placePoints)
  const numbered = [...text.matchAll(/\d{1,5}/g)].map(({ 0: number, index }) => {
    return `${place} ${text.slice(0, index)}#${Number(number) - page}${text.slice(index + number.length)}`
  })
  return [`${place} ${text}`, ...numbered]
}

const runningLettersMax = 200
/** A running title stands at one height, but for rounding. */
const placePoints = 8
