/** Each word of a query is a walk over the index: beyond this many a query is a document, and its first words say what it is about. */
const queryWordsMax = 128

/** The query itself, or of a long one its first different words. Empty when it holds no letter or digit. */
export function boundQuery(query: string): string {
  if (!/[\p{L}\p{N}]/u.test(query)) return ''
  if (query.length <= queryWordsMax * 4) return query
  const words = new Map<string, string>()
  for (const [word] of query.matchAll(/[\p{L}\p{M}\p{N}_]+/gu)) {
    if (words.size >= queryWordsMax) break
    const known = word.slice(0, 100)
    words.set(known.toLowerCase(), known)
  }
  return [...words.values()].join(' ')
}
