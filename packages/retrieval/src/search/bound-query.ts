/** Each word of a query costs a walk over the index. A query with more words than this is a whole document, whose first words say what it is about. */
const queryWordsMax = 128

/** The query as it is or, of a long one, its first 128 different words. Empty when it has no letter and no digit. */
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
