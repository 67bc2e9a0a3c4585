/** Letters of Chinese and Japanese, which break lines anywhere and put no space there; for the class of a regular expression. */
export const eastAsianLetters = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー`

/** Letters of scripts that put no spaces between words, or whose words carry endings that differ with their use (Korean); for the class of a regular expression. */
export const unspacedLetters = String.raw`${eastAsianLetters}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`

/**
 * The neighbouring letters of a run of such letters, two and two, by which its words are found without knowing where they end. A single letter stands for itself.
 * (Pairs are as good as a dictionary for Chinese: Kwok, SIGIR 1997.)
 */
export function letterPairs(run: string): string[] {
  const letters = [...run]
  return letters.length === 1 ? letters : letters.slice(1).map((letter, index) => `${letters[index]}${letter}`)
}
