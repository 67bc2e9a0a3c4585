/**
 * How like each other two questions have to be for one answer to do for both: the cosine of their vectors by all-MiniLM-L6-v2. Vectors alone do not tell
 * questions from their opposites, whatever the threshold, so that {@link saysTheSame} decides besides. Chosen on one half of the pairs of bench/semantic-cache;
 * what both come to on the other half is in bench/RESULTS.md.
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

/** Whether two questions hold the same words in the same order, but for those that carry no meaning of their own and for endings. */
export function saysTheSame(left: string, right: string): boolean {
  return meaningOf(left) === meaningOf(right)
}

/** Words that one can ask the same thing with or without; none that tells a time, a direction, a doubt or an amount. */
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

/** Plurals and the third person only: other endings may be another word. */
function stemOf(word: string): string {
  if (!/^\p{L}{4,}s$/u.test(word) || /(?:ss|us|is)$/.test(word)) return word
  return word.endsWith('ies') ? `${word.slice(0, -3)}y` : word.slice(0, -1)
}
