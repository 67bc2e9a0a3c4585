/** Tokens of a batch, counted as the longest of its texts would have them all. */
const batchTokensMax = 1_024

/** English prose has four to five letters a token; code has fewer. */
const lettersPerToken = 3

/** How many of the texts, which come shortest first, make up the next batch: at least one. */
export function batchTexts(texts: string[]): number {
  let count = 0
  for (const text of texts) {
    const tokens = Math.ceil(text.length / lettersPerToken) + 2
    if (count > 0 && tokens * (count + 1) > batchTokensMax) return count
    count++
  }
  return count
}
