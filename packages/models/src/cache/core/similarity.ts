/**
 * How like each other two questions have to be for one answer to do for both: the cosine of their vectors by all-MiniLM-L6-v2. Chosen so that no near miss of the
 * half of the pairs that bench/semantic-cache chooses by is taken for a hit; what it comes to on the other half is in bench/RESULTS.md.
 */
export const similarityMin = 0.97

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

/** Numbers, years, names and negations that only one of two questions has make them different questions, however like their vectors are. */
export function saysTheSame(left: string, right: string): boolean {
  const [a, b] = [marksOf(left), marksOf(right)]
  return a.size === b.size && [...a].every((mark) => b.has(mark))
}

const negations =
  /\b(not|no|never|without|except|least|most|worst|best|before|after|min(?:imum)?|max(?:imum)?|first|last|increase[sd]?|decrease[sd]?)\b|n['’]t\b/gi

function marksOf(question: string): Set<string> {
  const numbers = question.match(/\d+(?:[.,]\d+)*/g) ?? []
  const opposites = (question.match(negations) ?? []).map((word) => (/n['’]t/i.test(word) ? 'not' : word.toLowerCase()))
  // The first word of a sentence is written large whatever it is.
  const names = [...question.matchAll(/(?<![.?!]\s)(?<!^)(?<!["“'‘(])\b\p{Lu}[\p{L}\p{N}'’-]*/gu)].map(([name]) =>
    name.toLowerCase().replace(/['’]s$/, ''),
  )
  return new Set([...numbers, ...opposites, ...names])
}
