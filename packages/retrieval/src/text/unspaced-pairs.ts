/** Letters of Chinese and Japanese, which break lines anywhere and put no space there; for a regular expression's class. */
export const eastAsianLetters = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー`

/** Letters of scripts whose words stand without spaces between them, or carry endings that differ with their use (Korean); for a regular expression's class. */
export const unspacedLetters = String.raw`${eastAsianLetters}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`

/** A line break inside a run is where a line was full, not where a word ends. */
const run = new RegExp(String.raw`[${unspacedLetters}](?:\r?\n?[${unspacedLetters}])*`, 'gu')

/** Letters of one text that are looked at, unless asked otherwise. */
const lettersMaxUsual = 20_000

/**
 * Neighbouring letters of each run of a text in such scripts, two and two, so that its words are found without knowing where they end; empty for a text
 * without any. (Pairs are as good as a dictionary for Chinese: Kwok, SIGIR 1997.)
 */
export function unspacedPairs(text: string, lettersMax = lettersMaxUsual): string {
  return [...text.slice(0, lettersMax).matchAll(run)].flatMap(([letters]) => pairsOf(letters.replaceAll(/\s/g, ''))).join(' ')
}

/** A single letter stands for itself. */
export function pairsOf(run: string): string[] {
  const letters = [...run]
  return letters.length === 1 ? letters : letters.slice(1).map((letter, index) => `${letters[index]}${letter}`)
}
