import { letterPairs, unspacedLetters } from '@weft/contracts'

/** A run of such letters. A line break inside it is where a line was full, not where a word ends. */
const run = new RegExp(String.raw`[${unspacedLetters}](?:\r?\n?[${unspacedLetters}])*`, 'gu')

const lettersMaxUsual = 20_000

/** The letter pairs of all text without spaces in a text, of which the first `lettersMax` letters are looked at; empty for a text without any. */
export function unspacedPairs(text: string, lettersMax = lettersMaxUsual): string {
  return [...text.slice(0, lettersMax).matchAll(run)].flatMap(([letters]) => letterPairs(letters.replaceAll(/\s/g, ''))).join(' ')
}
