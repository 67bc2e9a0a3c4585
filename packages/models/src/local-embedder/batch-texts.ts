/** How many tokens a batch may have, when each of its texts counts as long as the longest. */
const batchTokensMax = 1_024

/** Chosen low: English prose has four to five letters a token, but code has fewer. */
const lettersPerToken = 3

/** How many of these texts, which are ordered shortest first, make up the next batch: at least one. */
export function batchTexts(texts: string[]): number {
  let count = 0
  for (const text of texts) {
    const tokens = Math.ceil(text.length / lettersPerToken) + 2
    if (count > 0 && tokens * (count + 1) > batchTokensMax) return count
    count++
  }
  return count
}
