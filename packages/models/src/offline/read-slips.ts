import { isStopWord, stemsOf } from './normalise-words.ts'

/** A misspelt word of a question, and the word of the sources that it was read as. */
export interface Slip {
  written: string
  read: string
}

/**
 * Corrects misspelt words of a question by the words of its sources: a word that no source has in any form is read as the word nearest to it. Words in capitals,
 * with digits, or that are short stay: they may be names, which differ from others by a letter.
 */
export function readSlips(question: string, sources: { title: string; text: string }[]): { question: string; slips: Slip[] } {
  if (question.length > questionCharsMax) return { question, slips: [] }
  const counts = countWords(sources)
  let known: Set<string> | undefined
  const slips: Slip[] = []
  const corrected = question.replace(words, (written) => {
    if (counts.has(written.toLowerCase()) || !maySlip(written, question)) return written
    known ??= new Set(sources.flatMap(({ title, text }) => distinctWords(`${title} ${text}`)).flatMap(stemsOf))
    if (stemsOf(written).some((stem) => known?.has(stem))) return written
    const read = nearest(written.toLowerCase(), counts)
    if (read === undefined) return written
    slips.push({ written, read })
    return read
  })
  return { question: corrected, slips }
}

/** A longer question is a text that was pasted, often in another language than the sources, and each of its words would be compared with all of theirs. */
const questionCharsMax = 1_000

const words = /[\p{L}\p{M}]+(?:[\p{N}_]+[\p{L}\p{M}]*)*/gu

/** Shorter words are a letter away from other real ones: “country” and “county”, “patent” and “parent”. Exchanged letters seldom make another word. */
const lettersMin = { exchanged: 5, oneSlip: 8, twoSlips: 10 } as const
/** Bounded because comparing two words takes the square of their length. */
const lettersMax = 40

/** Whether a word may be misspelt. A word in capitals may be a name, unless the whole question is in capitals. */
function maySlip(word: string, question: string): boolean {
  if (
    word.length < lettersMin.exchanged ||
    word.length > lettersMax ||
    !/^[\p{L}\p{M}]+$/u.test(word) ||
    isStopWord(word.toLowerCase())
  )
    return false
  return word !== word.toUpperCase() || word === word.toLowerCase() || question === question.toUpperCase()
}

function distinctWords(text: string): string[] {
  return [...new Set(text.normalize('NFKC').match(words) ?? [])]
}

/** How often each word occurs in the sources. */
function countWords(sources: { title: string; text: string }[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { title, text } of sources) {
    for (const [word] of `${title} ${text}`.normalize('NFKC').toLowerCase().matchAll(words))
      counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}

/** The word that differs by the fewest slips, of several the most frequent. */
function nearest(word: string, counts: Map<string, number>): string | undefined {
  let best: { word: string; slips: number; count: number } | undefined
  for (const [candidate, count] of counts) {
    const slips = countSlips(word, candidate)
    if (slips === undefined) continue
    if (best === undefined || slips < best.slips || (slips === best.slips && count > best.count))
      best = { word: candidate, slips, count }
  }
  return best?.word
}

/** How many letters were added, left out, exchanged or replaced; undefined when too many for a slip, or when the first letter differs, which hardly anybody mistypes. */
function countSlips(written: string, meant: string): number | undefined {
  const slipsMax = written.length >= lettersMin.twoSlips ? 2 : 1
  if (written[0] !== meant[0] || Math.abs(written.length - meant.length) > slipsMax) return undefined
  const slips = editDistance(written, meant)
  const areExchanged = slips === 1 && [...written].sort().join('') === [...meant].sort().join('')
  return slips <= slipsMax && (areExchanged || written.length >= lettersMin.oneSlip) ? slips : undefined
}

/** Damerau's distance: Levenshtein's, with the exchange of two neighbouring letters as one edit (optimal string alignment). */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1]
      const edits = [(last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + (isSame ? 0 : 1)]
      const isExchange = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (isExchange && row > 1 && column > 1) edits.push((beforeLast[column - 2] ?? 0) + 1)
      current.push(Math.min(...edits))
    }
    beforeLast = last
    last = current
  }
  return last[right.length] ?? 0
}
