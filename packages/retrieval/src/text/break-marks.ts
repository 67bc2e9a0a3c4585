/** Soft hyphens and spaces without width. They only say where a word or line may be broken, and would divide words when letters are compared. */
const breakMarks = /[\u00ad\u200b\u2060\ufeff]/g

export function withoutBreakMarks(text: string): string {
  return text.replace(breakMarks, '')
}
