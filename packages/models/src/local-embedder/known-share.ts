/** Shorter words are not looked at: those of other languages are often in an English vocabulary too (“la”, “de”, “an”). */
const lettersMin = 4
/** How many words are looked at: enough to tell a language by. */
const wordsMax = 50

/** The share of a text's words that are one token of a model's vocabulary, rather than several pieces or none. 1 for a text without words. */
export function knownShareOf(text: string, isKnown: (word: string) => boolean): number {
  const words = (text.match(/[\p{L}\p{M}]+/gu) ?? []).filter((word) => word.length >= lettersMin).slice(0, wordsMax)
  return words.length === 0 ? 1 : words.filter(isKnown).length / words.length
}
