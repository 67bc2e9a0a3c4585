/**
 * Moves hits whose text has the words of a hit before them, in their order, behind all others, and gives them at most the score of the last of those: the same
 * page in two files fills one place of a list and not two. `duplicates` of a hit names the hits that were moved because of it. Hits without a text or without
 * words stay where they are, and so do texts of which a word differs: of entries made by one template, that word is what is asked for (docs/answers.md).
 */
export function setDuplicatesBehind<T extends { id: string; score: number }>(
  hits: T[],
  textOf: (hit: T) => string | undefined,
): (T & { duplicates?: string[] })[] {
  const kept: { hit: T; duplicates: string[] }[] = []
  const behind: T[] = []
  const firstOf = new Map<string, { duplicates: string[] }>()
  for (const hit of hits) {
    const words = wordsOf(textOf(hit) ?? '')
    const first = firstOf.get(words)
    if (first === undefined) {
      const place = { hit, duplicates: [] }
      kept.push(place)
      if (words !== '') firstOf.set(words, place)
    } else {
      first.duplicates.push(hit.id)
      behind.push(hit)
    }
  }
  const last = kept.at(-1)?.hit.score ?? 0
  return [
    ...kept.map(({ hit, duplicates }) => (duplicates.length === 0 ? hit : { ...hit, duplicates })),
    ...behind.map((hit) => ({ ...hit, score: Math.min(hit.score, last) })),
  ]
}

/** The words of a text, whatever their case and what stands between them. */
function wordsOf(text: string): string {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(' ')
}
