import { withoutBreakMarks } from './break-marks.ts'
import { identifierParts } from './identifier-parts.ts'
import { unspacedPairs } from './unspaced-pairs.ts'

/**
 * Words that the database does not see in a text: inside identifiers, in text without spaces, and those written otherwise, with ligatures, letters of full
 * or half width, accents of their own or soft hyphens. A passage and a question meet by them too. `pairedLettersMax`: of the beginning alone are pairs of letters made.
 */
export function wordsInside(text: string, pairedLettersMax?: number): string {
  const plain = plainForm(text)
  const others = plain === text ? '' : wordsOtherwise(text)
  return [identifierParts(text), others, unspacedPairs(plain, pairedLettersMax)].filter((words) => words !== '').join(' ')
}

/** In the plain form of their letters (Unicode's NFKC). */
function wordsOtherwise(text: string): string {
  const words: string[] = []
  for (const [word] of text.matchAll(/[\p{L}\p{M}\p{N}\p{Cf}]{1,200}/gu)) {
    const plain = plainForm(word)
    if (plain !== word && /[\p{L}\p{N}]/u.test(plain)) words.push(plain)
  }
  return words.join(' ')
}

function plainForm(text: string): string {
  return withoutBreakMarks(text.normalize('NFKC'))
}
