import { foldLetters, letterPairs, unspacedLetters } from '@weft/contracts'

/**
 * The meaningful words of a text, in the form in which they are compared: in lower case, without accents, English endings and stop words; numbers without thousands
 * separators; text without spaces as pairs of letters. Repetitions are kept.
 */
export function contentTerms(text: string): string[] {
  const terms: string[] = []
  for (const [token] of foldLetters(text.normalize('NFKC')).toLowerCase().matchAll(tokens)) {
    if (/^\d/.test(token)) terms.push(token.replace(/,(?=\d{3})/g, ''))
    else if (unspaced.test(token)) terms.push(...letterPairs(token))
    else if (!stopWords.has(token)) terms.push(stem(token.replace(/['’]\p{L}+$/u, '')))
  }
  return terms
}

/** How many different meaningful words a text has. */
export function countContentTerms(text: string): number {
  return new Set(contentTerms(text)).size
}

/**
 * Approximately how many different meaningful words a text has. In text without spaces two pairs of letters count as one word: one pair is within it, and one crosses
 * into the next word and is hardly found in any other text.
 */
export function countMeaningfulWords(text: string): number {
  const terms = [...new Set(contentTerms(text))]
  const pairs = terms.filter((term) => unspaced.test(term)).length
  return terms.length - pairs + Math.ceil(pairs / 2)
}

export function isNumberTerm(term: string): boolean {
  return /^\d/.test(term)
}

const tokens = new RegExp(
  String.raw`\d+(?:[.,]\d+)*(?:(?![${unspacedLetters}])\p{L}){0,20}|[${unspacedLetters}]{1,200}|(?:(?![${unspacedLetters}])[\p{L}\p{M}]){1,100}(?:['’]\p{L}{1,3})?(?:\d{1,20})?`,
  'gu',
)
const unspaced = new RegExp(`^[${unspacedLetters}]`, 'u')

const stopWords = new Set(
  (
    'a about above according after again all also an and any are as at be because been before being between both but by can could did do does doing ' +
    "down during each few for from further had has have having he her here hers him his how i if in into is it it's its itself just may me might more most " +
    'must my no nor not now of off on once only or other our out over own same shall she should so some such than that the their them then there these they ' +
    'this those through to too under until up upon us very was we were what when where which while who whom why will with within would you your yes ' +
    'please tell explain describe'
  ).split(' '),
)

/** Cuts off the commonest English endings. It is no full stemmer, but enough to match the words of two sentences. */
function stem(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word
  let root = word
  if (/[^aeiou]ies$/.test(root)) root = `${root.slice(0, -3)}y`
  else if (/(?:ss|sh|ch|x|z)es$/.test(root)) root = root.slice(0, -2)
  else if (/[^suiy]s$/.test(root)) root = root.slice(0, -1)
  const cut = /^(.*[aeiouy].*?)(?:ing|ed|ly)$/.exec(root)?.[1]
  if (cut !== undefined && cut.length >= 3) root = /([bdfgmnprt])\1$/.test(cut) ? cut.slice(0, -1) : cut
  return root.length > 4 && root.endsWith('e') ? root.slice(0, -1) : root
}
