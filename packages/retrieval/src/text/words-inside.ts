import { foldLetters } from '@weft/contracts'
import { withoutBreakMarks } from './break-marks.ts'
import { identifierParts } from './identifier-parts.ts'
import { unspacedPairs } from './unspaced-pairs.ts'

/**
 * Words that the database does not see in a text: inside identifiers, in text without spaces, and those written otherwise, with ligatures, letters of full
 * or half width, accents or soft hyphens. A passage and a question meet by them too.
 */
export function wordsInside(text: string): string {
  return wordsOf(text, { fold: foldLetters })
}

/**
 * The same of a question, `pairedLettersMax` letters of whose beginning alone are paired. Accents that somebody types are meant: folded as well, words that have some
 * would count twice beside those that have none (known items of French manual pages by words, recall@10 .893 instead of .927).
 */
export function wordsInsideQuestion(text: string, pairedLettersMax: number): string {
  return wordsOf(text, { pairedLettersMax, fold: (word) => (hasAccents.test(word) ? word : foldLetters(word)) })
}

/** Of these scripts; other marks are those that many leave out. */
const hasAccents = /[\p{Script=Latin}\p{Script=Greek}]/u

type Wishes = { fold(word: string): string; pairedLettersMax?: number }

function wordsOf(text: string, { fold, pairedLettersMax }: Wishes): string {
  const plain = plainForm(text)
  const others = plain === text && foldLetters(text) === text ? '' : wordsOtherwise(text, fold)
  return [identifierParts(text), others, unspacedPairs(plain, pairedLettersMax)].filter((words) => words !== '').join(' ')
}

/** In the plain form of their letters (Unicode's NFKC), and as they are typed without accents. */
function wordsOtherwise(text: string, fold: Wishes['fold']): string {
  const words: string[] = []
  for (const [word] of text.matchAll(/[\p{L}\p{M}\p{N}\p{Cf}]{1,200}/gu)) {
    const plain = plainForm(word)
    if (plain !== word && /[\p{L}\p{N}]/u.test(plain)) words.push(plain)
    const folded = fold(plain)
    if (folded !== plain && folded !== '') words.push(folded)
  }
  return words.join(' ')
}

function plainForm(text: string): string {
  return withoutBreakMarks(text.normalize('NFKC'))
}
