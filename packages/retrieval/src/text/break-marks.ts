/** Soft hyphens and spaces without width: they say where a word or line may be broken, and part words for whoever compares letters. */
const breakMarks = /[\u00ad\u200b\u2060\ufeff]/g

export function withoutBreakMarks(text: string): string {
  return text.replace(breakMarks, '')
}
