import { eastAsianLetters } from '@weft/contracts'

/** A line of a page; `y` is its height on the page, and grows upwards. */
export type PdfLine = { text: string; y: number; height: number }

/** Whether the hyphen at the end of a line, between these two parts of a word, belongs to the word. */
export type KeepsHyphen = (first: string, rest: string) => boolean

/**
 * Joins the lines of a page. A gap of more than a line becomes a blank line. A word that a hyphen cuts at the end of a line is joined, and so is text without spaces; the
 * hyphen stays when it belongs to the word, and before "and" ("in- and output"). Headings get blank lines around them; `starts` are their offsets in `text`.
 */
export function joinLines(
  lines: PdfLine[],
  headings: { has(line: PdfLine): boolean } = new Set<PdfLine>(),
  keepsHyphen: KeepsHyphen = () => false,
): { text: string; starts: Map<PdfLine, number> } {
  const starts = new Map<PdfLine, number>()
  let out = ''
  for (const [index, line] of lines.entries()) {
    const above = lines[index - 1]
    if (above === undefined) out = line.text
    else if (isApart(above, line) || headings.has(above) || headings.has(line)) out += `\n\n${line.text}`
    else if (isCut(out, line)) out = joinWord(out, line, keepsHyphen)
    else if (isUnspaced.test(out.slice(-1)) && isUnspaced.test(line.text.charAt(0))) out += line.text
    else out += `\n${line.text}`
    if (headings.has(line)) starts.set(line, out.length - line.text.length)
  }
  return { text: out, starts }
}

function isCut(above: string, { text }: PdfLine): boolean {
  return /\p{L}[-\u00ad]$/u.test(above.slice(-3)) && /^\p{Ll}/u.test(text) && !/^(?:and|or|und|oder|bzw|sowie)\b/.test(text)
}

function joinWord(above: string, { text }: PdfLine, keepsHyphen: KeepsHyphen): string {
  const first = /(\p{L}+(?:-\p{L}+)*)-$/u.exec(above.slice(-firstLettersMax))?.[1]
  const rest = /^\p{L}+/u.exec(text)?.[0] ?? ''
  const isOwn = first !== undefined && keepsHyphen(first, rest)
  return `${isOwn ? above : above.slice(0, -1)}${text}`
}

const firstLettersMax = 60

const isUnspaced = new RegExp(`[${eastAsianLetters}、]`, 'u')

/** The lines of a paragraph are 1.0 to 1.5 times the height of the letters apart. A larger distance than this separates paragraphs. */
const paragraphGap = 1.8

export function isApart(one: PdfLine, other: PdfLine): boolean {
  return Math.abs(one.y - other.y) > Math.max(one.height, other.height) * paragraphGap
}
