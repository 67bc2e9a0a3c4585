import { foldLetters, letterPairs, unspacedLetters } from '@weft/contracts'

/** English words that say nothing about a topic. */
const stopWords = new Set(
  `a about above after again all also am an and any are as at be because been before being below between both but by can could did do does
  doing done down during each either else ever few for from further had has have having he her here hers him his how i if in into is it its
  itself just let may me might more most much must my no nor not of off on once one only or other our out over own per please same shall she
  should so some such than that the their them then there these they this those through thus to too under until up upon us very via was we
  were what when where whether which while who whom whose why will with within without would yes yet you your tell explain describe show shows
  give find know many compare compared comparison difference differences differ versus vs`.split(/\s+/),
)

/** The words of a text that tell its topic, as stems, in order. Stop words are left out; the parts of an identifier are added behind it. */
export function topicStems(text: string): string[] {
  return stemsOf(text).filter((stem) => !stopWords.has(stem))
}

/** All words of a text as stems, in order, without accents, which many do not type. Text that is written without spaces becomes pairs of letters. */
export function stemsOf(text: string): string[] {
  const stems: string[] = []
  for (const [word] of foldLetters(text.normalize('NFKC')).matchAll(wordPattern)) {
    if (unspaced.test(word)) {
      stems.push(...letterPairs(word))
      continue
    }
    const lower = word.toLowerCase()
    stems.push(stopWords.has(lower) ? lower : stem(lower))
    if (camelHump.test(word)) for (const part of word.split(humpBorder)) stems.push(stem(part.toLowerCase()))
  }
  return stems
}

export function isStopWord(word: string): boolean {
  return stopWords.has(word)
}

const unspaced = new RegExp(`^[${unspacedLetters}]`, 'u')
const unspacedLetter = new RegExp(`[${unspacedLetters}]`, 'gu')

/** Roughly how many words a text has: in text without spaces, two letters are taken for a word. */
export function countWords(text: string): number {
  return text.split(/\s+/).length + Math.floor((text.match(unspacedLetter)?.length ?? 0) / 2)
}

/** Letters and digits; a decimal or version number stays whole. */
const wordPattern = new RegExp(
  String.raw`\d+(?:\.\d+)+|[${unspacedLetters}]+|(?:(?![${unspacedLetters}])[\p{L}\p{M}\p{N}])+`,
  'gu',
)
const camelHump = /\p{Ll}\p{Lu}/u
const humpBorder = /(?<=\p{Ll})(?=\p{Lu})/u

/** Longest first; what remains must keep at least three letters with a vowel among them. */
const suffixes: [RegExp, string][] = [
  [/(ization|isation)s?$/, 'ize'],
  [/(ational|ations?|ators?)$/, 'ate'],
  [/(fulness|ousness|iveness)$/, ''],
  [/(ements?|ments?)$/, ''],
  [/(ances?|ences?)$/, ''],
  [/(ibility|ability|ibilities|abilities)$/, 'able'],
  [/(ities|ity)$/, ''],
  [/(ically|ical|ics|ic)$/, ''],
  [/(ively|ives|ive)$/, ''],
  [/(ings|ing|edly|ed)$/, ''],
  [/ions?$/, ''],
  [/(ies|ied)$/, 'y'],
  [/(sses)$/, 'ss'],
  [/(xes|ches|shes|zes|ses)$/, ''],
  [/ly$/, ''],
  [/(?<![su])s$/, ''],
]

/** A light stem: enough for "induces", "induced" and "induction" to become one. Words with digits stay as they are. */
export function stem(word: string): string {
  if (word.length <= 3 || /\d/.test(word)) return word
  let stemmed = word
  for (const [suffix, replacement] of suffixes) {
    if (!suffix.test(stemmed)) continue
    const shorter = stemmed.replace(suffix, replacement)
    if (shorter.length >= 3 && /[aeiouy]/.test(shorter)) stemmed = shorter
    break
  }
  return withoutTail(stemmed)
}

/** Makes one of what other endings leave: "stopp" and "stop", "induce" and "induc", "therapy" and "therapi". */
function withoutTail(stemmed: string): string {
  const undoubled = stemmed.length > 4 ? stemmed.replace(/([bdfgkmnprt])\1$/, '$1') : stemmed
  const tailless = undoubled.length > 4 ? undoubled.replace(/(ate|e)$/, '') : undoubled
  return tailless.replace(/y$/, 'i')
}
