import { eastAsianLetters } from '@weft/contracts'

/** `columns`: the row above the rule of a table, which names its columns. */
export type SentenceKind = 'sentence' | 'item' | 'heading' | 'code' | 'row' | 'columns'

export interface Sentence {
  kind: SentenceKind
  /** One line: wrapped lines are joined by a space. Only code keeps its line breaks; a row of a table keeps its inner bars. */
  text: string
  /** The nearest heading above, for context. */
  heading?: string | undefined
  /** The names of the table's columns, for a row. */
  columns?: string | undefined
}

/** Splits a text of prose, lists, headings, tables and code into the units that an answer may quote. Never throws. */
export function splitSentences(text: string): Sentence[] {
  const sentences: Sentence[] = []
  let heading: string | undefined
  for (const block of blocksOf(text)) {
    if (block.kind === 'heading') heading = block.text
    const parts = block.kind === 'sentence' || block.kind === 'item' ? splitProse(block.text) : [block.text]
    for (const part of parts) sentences.push({ ...block, text: part, heading: block.kind === 'heading' ? undefined : heading })
  }
  return sentences
}

const fence = /^\s*(```|~~~)/
const heading = /^\s{0,3}#{1,6}\s+(.+?)\s*#*$/
const underline = /^\s*(=+|-{3,})\s*$/
const item = /^\s*(?:[-*+•‣◦–]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+(.*)$/
const row = /^\s*\|.*\|\s*$/
const emptyCells = /^[|\s]+|[|\s]+$/g
const rowRule = /^\s*\|?[\s:|-]+\|[\s:|-]*$/

/** Joins wrapped lines into blocks; a blank line, a new kind of line, or a new list item ends one. */
function blocksOf(text: string): Sentence[] {
  const blocks: Sentence[] = []
  let open: Sentence | undefined
  let columns: string | undefined
  const close = () => {
    if (open !== undefined && open.text.trim() !== '') blocks.push({ ...open, text: open.text.trim() })
    open = undefined
  }
  const lines = text.split(/\r?\n/)
  for (const [index, line] of lines.entries()) {
    if (open?.kind === 'code') {
      if (fence.test(line)) close()
      else open.text += `${line}\n`
      continue
    }
    const next = blockOfLine(line, lines[index + 1] ?? '')
    if (!row.test(line) && next !== 'rule') columns = undefined
    if (next === 'underline' && open !== undefined && open.kind === 'sentence') {
      open = { kind: 'heading', text: open.text }
      close()
    } else if (next === 'blank' || next === 'rule' || next === 'underline') close()
    else if (next.kind === 'sentence' && open !== undefined && !startsAnew(open.text, next.text))
      open.text = joinLines(open.text, next.text)
    else {
      close()
      if (next.kind === 'columns') columns = next.text
      open = next.kind === 'row' ? { ...next, columns } : next
      if (next.kind !== 'sentence' && next.kind !== 'item' && next.kind !== 'code') close()
    }
  }
  close()
  return blocks
}

function blockOfLine(line: string, below: string): Sentence | 'blank' | 'rule' | 'underline' {
  if (line.trim() === '') return 'blank'
  if (fence.test(line)) return { kind: 'code', text: '' }
  if (underline.test(line)) return 'underline'
  if (rowRule.test(line)) return 'rule'
  const title = heading.exec(line)?.[1]
  if (title !== undefined) return { kind: 'heading', text: title }
  if (row.test(line)) return { kind: rowRule.test(below) ? 'columns' : 'row', text: line.trim().replace(emptyCells, '') }
  const entry = item.exec(line)?.[1]
  if (entry !== undefined && entry !== '') return { kind: 'item', text: entry.trim() }
  return { kind: 'sentence', text: line.trim() }
}

/** Joins two lines by a space, except within Chinese and Japanese, which have none where a line was full. */
function joinLines(before: string, line: string): string {
  return eastAsianEnd.test(before) && eastAsianBeginning.test(line) ? before + line : `${before} ${line}`
}

const eastAsianEnd = new RegExp(`[${eastAsianLetters}、。]$`, 'u')
const eastAsianBeginning = new RegExp(`^[${eastAsianLetters}]`, 'u')

/** Whether a line begins something new: after a short line without an end mark, a capital begins a new sentence, since the short line is a title. */
function startsAnew(before: string, line: string): boolean {
  return before.length < 60 && !/[.!?:;,]$/.test(before) && /^\p{Lu}/u.test(line) && before.split(/\s+/).length <= 6
}

/** Marks in a row are matched once, from the first one: a line of a table of contents has many, and matching from each would take the square of their number. */
const boundary = /(?<![.!?…؟۔])([.!?…؟۔]+)(["'”’»)\]]*)\s+|([。！？।॥])/gu

/** Splits prose into sentences. A mark ends one only if the next word can begin one and the last word is no abbreviation. */
export function splitProse(text: string): string[] {
  const sentences: string[] = []
  let from = 0
  for (const match of text.matchAll(boundary)) {
    const end = match.index + match[0].length
    if (match[3] === undefined && !isBoundary(text.slice(from, match.index + (match[1]?.length ?? 0)), text.slice(end))) continue
    pushTrimmed(sentences, text.slice(from, end))
    from = end
  }
  pushTrimmed(sentences, text.slice(from))
  return sentences
}

function pushTrimmed(sentences: string[], text: string): void {
  const line = text.replace(/\s+/g, ' ').trim()
  if (line !== '') sentences.push(line)
}

const abbreviations = new Set(
  `mr mrs ms dr prof rev gen sen rep st jr sr vs v cf al fig figs eq eqs ref refs no nos vol pp p ch sec approx ca dept univ inc ltd co corp
  est e.g i.e eg ie viz resp incl excl max min avg ed eds jan feb mar apr jun jul aug sep sept oct nov dec spp sp subsp var bzw z.b u.a d.h`.split(
    /\s+/,
  ),
)
/** Abbreviations that may also end a sentence; they do when a capital follows. */
const mayEnd = new Set(['etc', 'inc', 'ltd', 'co', 'corp', 'a.m', 'p.m', 'usw'])
const openers =
  /^(the|this|these|those|that|it|its|in|on|at|a|an|we|our|they|he|she|i|you|however|here|there|as|for|by|with|to|when|if|and|but)\b/i

/** German writes ordinals with a dot: "am 1. Mai", "im 19. Jahrhundert". */
const ordinalNouns =
  /^(januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|jahrhundert|weltkrieg|auflage)(?!\p{L})/iu

function isBoundary(before: string, after: string): boolean {
  if (!canBegin(after)) return false
  if (!before.endsWith('.') || before.endsWith('..')) return true
  const word = /([\p{L}\p{N}.]+)\.$/u.exec(before)?.[1]?.toLowerCase()
  if (word === undefined) return true
  if (mayEnd.has(word)) return /^["'“‘(]?\p{Lu}/u.test(after)
  if (abbreviations.has(word)) return false
  if (/^\d{1,2}$/.test(word) && ordinalNouns.test(after)) return false
  // A letter behind a number is a unit ("37 °C.").
  if (/[\d°]\s?°?\p{L}\.$/u.test(before)) return true
  // A single letter is an initial ("J. Smith", "E. coli") unless what follows plainly opens a sentence ("vitamin C. The …").
  if (/^\p{L}$/u.test(word) || /^(\p{L}\.)+\p{L}$/u.test(word)) return openers.test(after)
  return true
}

/** Whether a sentence can begin here: with a capital, a digit, an opening mark, a picture, or a name that is written small ("mRNA", "p53", "α-synuclein"). */
function canBegin(after: string): boolean {
  if (after === '') return true
  return /^["'“‘«([¿¡]?(\p{Lu}|\p{N}|\p{Lo}|\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Ll}{1,3}[\p{Lu}\p{N}]|[α-ω])/u.test(
    after,
  )
}
