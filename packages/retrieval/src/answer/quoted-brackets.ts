/** How many characters before a bracket are compared with the passages: enough to tell places apart. */
const contextLength = 12

const codeBefore = /[=:(,{+*&<>|\]]\s*$/
const wordBefore = /[\p{L}\p{N}_)\]]$/u

/**
 * Makes a function that tells whether a number in brackets is quoted text of a passage ("a := [3]int{}", "s[:1][0]") rather than a citation. It is when a passage
 * has the same characters, and the bracket either follows code, or directly follows a word while there is no passage of that number.
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
