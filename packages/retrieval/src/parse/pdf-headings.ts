import type { HeadingStep } from '../text/heading.ts'
import type { PdfLine } from './pdf-lines.ts'
import type { OutlineEntry } from './pdf-outline.ts'

/**
 * Finds the lines that the entries of an outline name, on the pages to which they lead: "4.6.2 Architectures" for "Architectures". An entry whose page has no such
 * line is left out; but if it has entries below it, the first free line of its page is taken.
 */
export function findHeadings(pages: PdfLine[][], outline: OutlineEntry[]): Map<PdfLine, HeadingStep> {
  const found = new Map<PdfLine, HeadingStep>()
  for (const [index, { title, level, page }] of outline.entries()) {
    const free = (pages[page] ?? []).filter((line) => !found.has(line))
    const names = [lettersOf(title), lettersOf(title.replace(leadingNumber, ''))].filter((name) => name !== '')
    const line = likenesses.flatMap((isLike) => free.find(({ text }) => names.some((name) => isLike(text, name))) ?? [])[0]
    const isAbove = (outline[index + 1]?.level ?? 0) > level
    const place = line ?? (isAbove ? free[0] : undefined)
    if (place !== undefined) found.set(place, { level, title: title.slice(0, titleLettersMax) })
  }
  return found
}

const titleLettersMax = 200

/** "3", "4.6.2", "A.1", "IV", "第3章", "Chapter 5:" */
const leadingNumber = /^(?:\p{L}{4,9}\s)?[第]?(?:[\dA-Z]{1,4}|[IVXLC]{1,7})(?:\.\d{1,3}){0,5}[章節条]?[.:)]?\s+/u

/** Ways in which a line may be like a title, surest first. `name` has the letters of the title. A title of several lines is known by its first line. */
const likenesses: ((line: string, name: string) => boolean)[] = [
  (line, name) => lettersOf(line) === name,
  (line, name) => lettersOf(line.replace(leadingNumber, '')) === name,
  (line, name) => {
    const beginning = lettersOf(line.replace(leadingNumber, ''))
    return beginning.length >= beginningLettersMin && name.startsWith(beginning)
  },
]

const beginningLettersMin = 12

function lettersOf(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '')
}
