/** Shorter words of other languages are often in an English vocabulary too: “la”, “de”, “an”. */
const lettersMin = 4
/** Words that are looked at: enough to tell a language by. */
const wordsMax = 50

/** The share of a text's words that a model knows as such, rather than put together from pieces or not at all. 1 for a text without words. */
export function knownShareOf(text: string, isKnown: (word: string) => boolean): number {
  const words = (text.match(/[\p{L}\p{M}]+/gu) ?? []).filter((word) => word.length >= lettersMin).slice(0, wordsMax)
  return words.length === 0 ? 1 : words.filter(isKnown).length / words.length
}
