/** A line as it stands on its page; `y` grows upwards. */
export type PdfLine = { text: string; y: number; height: number }

/**
 * A gap of more than a line becomes a blank line; a word cut by a hyphen at the line's end is joined, and so is text without spaces. Headings stand by themselves;
 * `starts` are their offsets in `text`.
 */
export function joinLines(
  lines: PdfLine[],
  headings: { has(line: PdfLine): boolean } = new Set<PdfLine>(),
): { text: string; starts: Map<PdfLine, number> } {
  const starts = new Map<PdfLine, number>()
  let out = ''
  for (const [index, line] of lines.entries()) {
    const above = lines[index - 1]
    if (above === undefined) out = line.text
    else if (isApart(above, line) || headings.has(above) || headings.has(line)) out += `\n\n${line.text}`
    else if (/\p{L}[-\u00ad]$/u.test(out.slice(-3)) && /^\p{Ll}/u.test(line.text)) out = `${out.slice(0, -1)}${line.text}`
    else if (isUnspaced.test(out.slice(-1)) && isUnspaced.test(line.text.charAt(0))) out += line.text
    else out += `\n${line.text}`
    if (headings.has(line)) starts.set(line, out.length - line.text.length)
  }
  return { text: out, starts }
}

/** Chinese and Japanese break lines anywhere. */
const isUnspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー、]/u

/** Line spacing of set text is 1.0 to 1.5 times the letter height; paragraphs stand further apart. */
const paragraphGap = 1.8

export function isApart(one: PdfLine, other: PdfLine): boolean {
  return Math.abs(one.y - other.y) > Math.max(one.height, other.height) * paragraphGap
}
