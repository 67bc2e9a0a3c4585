/** What is compared with the passages before a bracket: enough to tell a place apart. */
const contextLength = 12

const codeBefore = /[=:(,{+*&<>|\]]\s*$/
const wordBefore = /[\p{L}\p{N}_)\]]$/u

/**
 * Whether a number in brackets is text of a passage that is quoted ("a := [3]int{}", "s[:1][0]") rather than a citation: it stands so in a passage, and follows
 * code or, where no passage has that number, is joined to a word. A citation follows a word and a space, or names a passage.
 */
export function quotedBrackets(passages: { text: string }[]): (said: string, marker: string) => boolean {
  let texts: string[] | undefined
  return (said, marker) => {
    const before = said.slice(-contextLength)
    const isOfPassage = Array.from(marker.matchAll(/\d+/g), ([digits]) => Number(digits)).some(
      (number) => number >= 1 && number <= passages.length,
    )
    if (!codeBefore.test(before) && (isOfPassage || !wordBefore.test(before))) return false
    texts ??= passages.map(({ text }) => text.replace(/\s+/g, ' '))
    const place = `${before}${marker}`.replace(/\s+/g, ' ').trimStart()
    return texts.some((text) => text.includes(place))
  }
}
