import { eastAsianLetters } from '@weft/contracts'
import { withoutBreakMarks } from '../text/break-marks.ts'
import { FlatHtmlParser } from './flat-html-parser.ts'

/**
 * The readable text of an HTML page, with its structure as simple Markdown (headings, lists, tables, fenced code), so that chunks and quotes need only this text.
 * Without scripts, styles, navigation, form controls, hidden elements, and marks that only say where a word or line may be broken. A term comes before its
 * description ("fsync: Whether …"). The title of a note in a box ("Tip") is no heading. `isTitleKept` (default: true) puts the page's title above the text.
 */
export function htmlToText(html: string, { isTitleKept = true }: { isTitleKept?: boolean } = {}): string {
  const page: PageText = {
    flow: createFlow(),
    lists: [],
    boxes: [],
    term: undefined,
    title: '',
    isInTitle: false,
    fence: undefined,
    cellDepth: 0,
    isRowStart: true,
  }
  let skipped = 0
  const parser = new FlatHtmlParser(
    {
      onopentag(name, attributes) {
        if (skipped > 0 || skippedElements.has(name) || isHidden(attributes)) skipped++
        else openElement(page, name, attributes)
      },
      onclosetag(name) {
        if (skipped > 0) skipped--
        else closeElement(page, name)
      },
      ontext(text) {
        if (skipped === 0) addText(page, text)
      },
    },
    { decodeEntities: true, lowerCaseTags: true, recognizeSelfClosing: isXhtml(html), whole: skippedElements },
  )
  parser.write(html)
  parser.end()
  if (!isTitleKept) page.title = ''
  return finish(page)
}

/** Whether the page is XHTML, where `<title/>` and `<a id="x"/>` are whole elements. In HTML they only open one. */
function isXhtml(html: string): boolean {
  return /^\ufeff?\s*<\?xml\b|^.{0,500}<html[^>]{0,200}\sxmlns=/s.test(html.slice(0, 1_000))
}

const skippedElements = new Set('script style template noscript svg iframe object nav select button textarea dialog'.split(' '))
const headings = new Map([1, 2, 3, 4, 5, 6].map((level) => [`h${level}`, '#'.repeat(level)]))
const blocks = new Set(
  'p div section article main header footer aside blockquote figure figcaption address details summary dl dt dd form fieldset ul ol table pre hr body'.split(
    ' ',
  ),
)

/** Navigation, and links beside headings, in pages made by DocBook, Sphinx and MediaWiki. */
const skippedClasses = /(?:^|\s)(?:navheader|navfooter|headerlink|mw-editsection)(?:\s|$)/
const noteClasses = /(?:^|\s)(?:note|tip|hint|important|warning|caution|danger|admonition)(?:\s|$)/i

const boxes = new Set(['div', 'aside', 'section'])

function classesOf(attributes: Record<string, string>): string {
  return (attributes.class ?? '').slice(0, 500)
}

function isHidden(attributes: Record<string, string>): boolean {
  return (
    'hidden' in attributes ||
    attributes['aria-hidden'] === 'true' ||
    attributes.role === 'navigation' ||
    skippedClasses.test(classesOf(attributes)) ||
    /display:\s?none/i.test((attributes.style ?? '').slice(0, 500))
  )
}

type PageText = {
  flow: Flow
  lists: { isOrdered: boolean; count: number }[]
  /** For each open element that may be a box, from the outermost: whether it is a note. */
  boxes: boolean[]
  /** The length of `flow` before the last term, whose description may follow. */
  term: number | undefined
  title: string
  isInTitle: boolean
  fence: string[] | undefined
  cellDepth: number
  isRowStart: boolean
}

function openElement(page: PageText, name: string, attributes: Record<string, string>): void {
  if (page.fence !== undefined) return
  const marks = headings.get(name)
  if (marks !== undefined) {
    breakBlock(page)
    if (page.cellDepth === 0 && !page.boxes.includes(true)) page.flow.prefix(`${marks} `)
  } else if (name === 'title') page.isInTitle = true
  else if (name === 'br') breakLine(page)
  else if (name === 'img') putText(page, ` ${attributes.alt ?? ''} `)
  else if (name === 'li') openItem(page)
  else if (name === 'td' || name === 'th') openCell(page)
  else if (name === 'tr') openRow(page)
  else if (blocks.has(name)) {
    breakBlock(page)
    if (boxes.has(name)) page.boxes.push(noteClasses.test(classesOf(attributes)))
    if (name === 'pre') page.fence = []
    if (name === 'ul' || name === 'ol') page.lists.push({ isOrdered: name === 'ol', count: 0 })
    if (name === 'dt') openTerm(page)
    if (name === 'dd') openDescription(page)
  }
}

/** Begins a term. Several terms that share a description are joined by commas. */
function openTerm(page: PageText): void {
  if (isAfterTerm(page)) page.flow.join(', ')
  page.term = page.flow.length()
}

function openDescription(page: PageText): void {
  if (isAfterTerm(page)) page.flow.join(': ')
  page.term = undefined
}

function isAfterTerm({ term, flow }: PageText): boolean {
  return term !== undefined && flow.length() > term
}

function breakBlock(page: PageText): void {
  if (page.cellDepth > 0) page.flow.space()
  else page.flow.break(page.lists.length > 0 ? 1 : 2)
}

function breakLine(page: PageText): void {
  if (page.cellDepth > 0) page.flow.space()
  else page.flow.break(1)
}

function openRow(page: PageText): void {
  breakLine(page)
  if (page.cellDepth === 0) page.isRowStart = true
}

function openCell(page: PageText): void {
  if (page.cellDepth === 0) page.flow.raw(page.isRowStart ? '| ' : ' ')
  page.cellDepth++
  page.isRowStart = false
}

function openItem(page: PageText): void {
  const list = page.lists.at(-1)
  breakLine(page)
  if (page.cellDepth > 0 || list === undefined) return
  list.count++
  page.flow.prefix(`${'  '.repeat(Math.min(page.lists.length, 8) - 1)}${list.isOrdered ? `${list.count}.` : '-'} `)
}

function closeElement(page: PageText, name: string): void {
  if (page.fence !== undefined) {
    if (name === 'pre') closeFence(page, page.fence)
  } else if (name === 'title') page.isInTitle = false
  else if (name === 'td' || name === 'th') {
    page.cellDepth = Math.max(0, page.cellDepth - 1)
    if (page.cellDepth === 0) page.flow.raw(' |')
  } else if (headings.has(name) || blocks.has(name) || name === 'li') {
    if (name === 'ul' || name === 'ol') page.lists.pop()
    if (boxes.has(name)) page.boxes.pop()
    if (name === 'dl') page.term = undefined
    breakBlock(page)
  }
}

function closeFence(page: PageText, lines: string[]): void {
  const code = lines.join('').replaceAll('\r\n', '\n')
  page.fence = undefined
  if (code === '') return
  if (page.cellDepth > 0) {
    putText(page, code)
    return
  }
  const ticks = '`'.repeat(Math.max(3, longestRun(code, '`') + 1))
  page.flow.raw(`${ticks}\n${code.endsWith('\n') ? code : `${code}\n`}${ticks}`)
  page.flow.break(2)
}

function addText(page: PageText, data: string): void {
  if (page.isInTitle) page.title += withoutBreakMarks(data)
  else if (page.fence !== undefined) page.fence.push(data)
  else putText(page, data)
}

/** Writes text. Within a cell, `|` is escaped, because it would end the cell. */
function putText(page: PageText, data: string): void {
  page.flow.text(page.cellDepth > 0 ? data.replaceAll('|', '\\|') : data)
}

function finish(page: PageText): string {
  if (page.fence !== undefined) closeFence(page, page.fence)
  const body = page.flow.finish().toWellFormed().replaceAll('\u0000', '\ufffd')
  const title = page.title.replace(/\s+/g, ' ').trim()
  if (title === '') return body
  const end = body.indexOf('\n')
  const first = end === -1 ? body : body.slice(0, end)
  const isRepeated = /^#{1,6} /.test(first) && first.replace(/^#+ /, '') === title
  return isRepeated ? `# ${title}${body.slice(first.length)}` : `# ${title}\n\n${body}`
}

type Flow = {
  text(data: string): void
  raw(data: string): void
  space(): void
  break(lines: 1 | 2): void
  prefix(mark: string): void
  /** Text that follows next is put after the mark, on the same line; anything else begins a new line. */
  join(mark: string): void
  /** The number of pieces so far. */
  length(): number
  finish(): string
}

/** A line break of the source between Chinese or Japanese letters, which stands for no space. */
const fullLine = new RegExp(String.raw`(?<=[${eastAsianLetters}、。])[ \t]*\r?\n\s*(?=[${eastAsianLetters}])`, 'gu')

/** Collects text with collapsed white space. Breaks and prefixes are only written when text follows. */
function createFlow(): Flow {
  const pieces: string[] = []
  let breaks = 0
  let waiting = ''
  let joint = ''
  let isSpacePending = false

  function settle(isText = false): void {
    if (joint !== '' && isText && waiting === '') pieces.push(endsWithColon.test(pieces.at(-1) ?? '') ? ' ' : joint)
    else if (joint !== '') pieces.push('\n')
    else if (breaks > 0 && pieces.length > 0) pieces.push('\n'.repeat(breaks))
    else if (isSpacePending && waiting === '' && !endsWithSpace(pieces)) pieces.push(' ')
    if (waiting !== '') pieces.push(waiting)
    breaks = 0
    waiting = ''
    joint = ''
    isSpacePending = false
  }

  return {
    text(data) {
      const collapsed = withoutBreakMarks(data)
        .replace(fullLine, '')
        .replace(/[\s\u00a0]+/g, ' ')
      const inner = collapsed.trim()
      if (collapsed.startsWith(' ')) isSpacePending = true
      if (inner === '') return
      settle(true)
      pieces.push(inner)
      isSpacePending = collapsed.endsWith(' ')
    },
    raw(data) {
      isSpacePending = false
      settle()
      pieces.push(data)
    },
    space() {
      isSpacePending = true
    },
    break(lines) {
      breaks = Math.max(breaks, lines)
    },
    prefix(mark) {
      waiting = mark
    },
    join(mark) {
      joint = mark
    },
    length: () => pieces.length,
    finish() {
      return pieces.join('')
    },
  }
}

const endsWithColon = /[:：]$/

function endsWithSpace(pieces: string[]): boolean {
  return /^$|\s$/.test(pieces.at(-1) ?? '')
}

function longestRun(text: string, letter: string): number {
  let longest = 0
  let run = 0
  for (const each of text) {
    run = each === letter ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest
}
