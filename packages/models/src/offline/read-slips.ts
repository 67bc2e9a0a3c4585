import { isStopWord, stemsOf } from './normalise-words.ts'

/** A word of a question that was taken for one of the sources. */
export interface Slip {
  written: string
  read: string
}

/**
 * A question with slips of the pen put right by the words of its sources: a word that none of them has in any form is read as the word nearest
 * to it. What stands in a source is never changed, nor are names that differ in a letter from others: those in capitals, with digits, or short.
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

/** Longer ones are texts that were pasted, often in another language than the sources; each word of theirs would be compared with all of the sources. */
const questionCharsMax = 1_000

const words = /[\p{L}\p{M}]+(?:[\p{N}_]+[\p{L}\p{M}]*)*/gu

/** Shorter words are a letter away from others that are as real: “country” and “county”, “patent” and “parent”; exchanged letters seldom make another. */
const lettersMin = { exchanged: 5, oneSlip: 8, twoSlips: 10 } as const
/** Comparing takes the square of it. */
const lettersMax = 40

/** In a question that is all capitals these tell nothing. */
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

/** How often each word of the sources stands there. */
function countWords(sources: { title: string; text: string }[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { title, text } of sources) {
    for (const [word] of `${title} ${text}`.normalize('NFKC').toLowerCase().matchAll(words))
      counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}

/** The word with the fewest slips, of several the commonest. */
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

/** Letters too many, too few, exchanged or others; undefined where they are too many for a slip. Hardly anybody mistakes the first letter. */
function countSlips(written: string, meant: string): number | undefined {
  const slipsMax = written.length >= lettersMin.twoSlips ? 2 : 1
  if (written[0] !== meant[0] || Math.abs(written.length - meant.length) > slipsMax) return undefined
  const slips = editDistance(written, meant)
  const areExchanged = slips === 1 && [...written].sort().join('') === [...meant].sort().join('')
  return slips <= slipsMax && (areExchanged || written.length >= lettersMin.oneSlip) ? slips : undefined
}

/** Damerau's: Levenshtein's with the exchange of two neighbours as one edit (optimal string alignment). */
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
