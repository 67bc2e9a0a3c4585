/**
 * How similar two questions have to be for one answer to serve both: the cosine of their vectors by all-MiniLM-L6-v2. At no threshold do vectors tell a question
 * from its opposite, so {@link saysTheSame} has to agree. The value was chosen on one half of the pairs of bench/semantic-cache; bench/RESULTS.md tells how both
 * tests together do on the other half.
 */
export const similarityMin = 0.9

export function cosine(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let [dot, leftSquares, rightSquares] = [0, 0, 0]
  for (let at = 0; at < left.length; at++) {
    const [a, b] = [left[at] ?? 0, right[at] ?? 0]
    dot += a * b
    leftSquares += a * a
    rightSquares += b * b
  }
  return dot / (Math.sqrt(leftSquares * rightSquares) || 1)
}

/** Whether two questions have the same words in the same order, apart from endings and from words that carry no meaning of their own. */
export function saysTheSame(left: string, right: string): boolean {
  return meaningOf(left) === meaningOf(right)
}

/** Words that do not change what a question asks. No word that tells a time, a direction, a doubt or an amount is among them. */
const fillers: ReadonlySet<string> = new Set(
  'a an the is are be am do does can could may i we you me us my our your its it please there of in on at for kindly tell know want need'.split(
    ' ',
  ),
)
const alike: Readonly<Record<string, string>> = {
  which: 'what',
  "what's": 'what',
  "who's": 'who',
  "n't": 'not',
  per: 'each',
  every: 'each',
}

function meaningOf(question: string): string {
  const words =
    question
      .toLowerCase()
      .replace(/’/g, "'")
      .match(/[\p{L}\p{N}]+(?:[.,'-][\p{L}\p{N}]+)*|[%$€£]/gu) ?? []
  return words
    .flatMap((word) => (word.endsWith("n't") ? [word.slice(0, -3), "n't"] : [word]))
    .filter((word) => !fillers.has(word))
    .map((word) => alike[word] ?? stemOf(word))
    .join(' ')
}

/** Cuts only the endings of plurals and of the third person: with another ending it may be another word. */
function stemOf(word: string): string {
  if (!/^\p{L}{4,}s$/u.test(word) || /(?:ss|us|is)$/.test(word)) return word
  return word.endsWith('ies') ? `${word.slice(0, -3)}y` : word.slice(0, -1)
}
