import type { HeadingStep } from '../text/heading.ts'
import { type Block, type Line, linesOf } from './block.ts'
import { enterHeading } from './heading-trail.ts'

/** The blocks of a Markdown text. It follows the parts of CommonMark that decide where a text may be cut, and ignores inline marks. */
export function* splitMarkdown(text: string): Generator<Block> {
  const trail: HeadingStep[] = []
  let open: OpenBlock | undefined
  let path = ''
  const close = (end: number): Block[] =>
    open === undefined || end <= open.start ? [] : [{ start: open.start, end, type: open.type, path }]

  for (const line of linesOf(text)) {
    const isGoingOn = open !== undefined && goesOn(open, line)
    if (open !== undefined && isGoingOn) {
      open.isAfterBlank = line.isBlank
      continue
    }
    const setext = open?.type === 'prose' && !open.isAfterBlank ? setextLevel(line.head) : 0
    if (open !== undefined && setext > 0 && open.lines === 1) {
      path = enterHeading(trail, { level: setext, title: open.head.trim() })
      open = { ...open, type: 'heading', isAfterBlank: false }
      continue
    }
    const isSameProse = open?.type === 'prose' && !open.isAfterBlank && startOf(line) === 'prose'
    if (open !== undefined && isSameProse) {
      open.lines++
      open.isAfterBlank = line.isBlank
      continue
    }
    yield* close(line.start)
    const heading = atxHeading(line.head)
    if (heading !== undefined) path = enterHeading(trail, heading)
    open = {
      start: line.start,
      type: startOf(line),
      head: line.head,
      lines: 1,
      fence: fenceMark(line.head),
      isAfterBlank: line.isBlank,
    }
  }
  yield* close(text.length)
}

type OpenBlock = { start: number; type: Block['type']; head: string; lines: number; fence: string; isAfterBlank: boolean }

/** Whether a line belongs to the open block, whatever it looks like by itself. */
function goesOn(open: OpenBlock, line: Line): boolean {
  if (open.fence !== '') {
    if (line.head.trimStart().startsWith(open.fence) && /^ {0,3}[`~]+\s*$/.test(line.head)) open.fence = ''
    return true
  }
  if (line.isBlank) return true
  if (open.type === 'list')
    return isItem(line.head) || /^(?: {2,}|\t)/.test(line.head) || (!open.isAfterBlank && startOf(line) === 'prose')
  if (open.type === 'table') return !open.isAfterBlank && startOf(line) === 'table'
  return false
}

function startOf(line: Line): Block['type'] {
  if (atxHeading(line.head) !== undefined) return 'heading'
  if (fenceMark(line.head) !== '') return 'fence'
  if (isItem(line.head)) return 'list'
  return /^ {0,3}\|/.test(line.head) ? 'table' : 'prose'
}

function isItem(head: string): boolean {
  return /^\s{0,12}(?:[-*+•]|\d{1,9}[.)])[ \t]/.test(head)
}

function fenceMark(head: string): string {
  return /^ {0,3}(`{3,}|~{3,})/.exec(head)?.[1] ?? ''
}

function setextLevel(head: string): 0 | 1 | 2 {
  const mark = /^ {0,3}(=+|-{2,})[ \t]*\r?\n?$/.exec(head)?.[1]
  return mark === undefined ? 0 : mark.startsWith('=') ? 1 : 2
}

function atxHeading(head: string): HeadingStep | undefined {
  const marks = /^ {0,3}(#{1,6})(?=[ \t\r\n]|$)/.exec(head)
  if (marks === null) return undefined
  let title = head.slice(marks[0].length).trim()
  while (title.endsWith('#')) title = title.slice(0, -1)
  return { level: marks[1]?.length ?? 1, title: title.trim() }
}
