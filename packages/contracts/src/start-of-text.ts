/** The first `charsMax` UTF-16 units of a text, or one less where that would cut a character in half. */
export function startOfText(text: string, charsMax: number): string {
  return text.slice(0, charsMax).replace(/[\uD800-\uDBFF]$/, '')
}
