/** How many names of a passage are searched for with the question: more would blur what is asked. */
const termsMax = 12

const word = String.raw`[\p{Lu}\p{N}][\p{L}\p{M}\p{N}'’-]*`
/** Words that stand inside a name between two capitalised ones. */
const inside = '(?:of|the|de|da|di|del|von|van|der|la|le|et|y)'
const names = new RegExp(String.raw`${word}(?:\s+(?:${inside}\s+){0,2}${word}){0,6}`, 'gu')

/**
 * The names in a passage that the question does not have, in order and each once: a second search looks for them. Names are runs of capitalised words, so that
 * this works in languages that write names with capitals.
 */
export function bridgingTerms(question: string, passage: string): string[] {
  const asked = question.toLowerCase()
  const found = new Map<string, string>()
  for (const [match] of passage.slice(0, 8_000).matchAll(names)) {
    const name = match.replace(/['’-]+$/u, '')
    const key = name.toLowerCase()
    if (found.size === termsMax) break
    if (name.length > 2 && !asked.includes(key) && !sentenceStarts.has(key)) found.set(key, name)
  }
  return [...found.values()]
}

/** Words that often begin a sentence and name nothing. */
const sentenceStarts = new Set(
  'the this that these those and but for its his her their our your they she who what when where which with from after before during while although however there here you not all one two also since many most some other such both each another'.split(
    ' ',
  ),
)
