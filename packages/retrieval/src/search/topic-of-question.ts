import { contentTerms } from '../text/content-terms.ts'

/** What a referring word may mean; `any`: "they" may be persons or things. */
export type ReferenceKind = 'person' | 'place' | 'thing' | 'any'

const word = String.raw`\p{Lu}[\p{L}\p{M}\p{N}'’.-]*(?<![.'’-])`
/** Words that stand inside a name between two capitalised ones. */
const inside = '(?:of the|of|the|de|da|di|del|von|van|der|la|le|et|y|and the|in the|for the|for)'
const lettered = String.raw`\p{Ll}{3,}\s+(?!I)\p{Lu}(?![\p{L}\p{M}\p{N}'’.-])`
const names = new RegExp(
  String.raw`[“"][^”"]{2,80}[”"]|${lettered}|${word}(?:\s+(?:${inside}\s+)?(?:${word}|\d{1,4}\b|I{1,3}\b))*`,
  'gu',
)
const opening =
  /^(?:who|whom|whose|what|when|where|why|how|which|is|are|was|were|do|does|did|can|could|will|would|has|have|had|should|the|a|an|in|on|at|of|for|from|to|by|with|and|but|or|if|name|list|give|compare|i|it|he|she|they|his|her|its|their|this|that|these|those|there|between|after|before|during|besides|no|yes|some|most|many|according)$/i

/**
 * The names in a text, in order: runs of capitalised words, and what stands between quotation marks. Words that usually open a sentence are not part of a name,
 * and the first word of a sentence alone is none.
 */
export function namesIn(text: string): string[] {
  return [...text.matchAll(names)].flatMap((match) => {
    const bare = withoutOpening(match[0].replace(/['’]s$/, ''))
    const isFirstWord =
      /(?:^|[.!?]\s+)$/.test(text.slice(0, match.index)) && /^\p{Lu}[\p{Ll}-]*$/u.test(bare) && bare === match[0]
    return bare === '' || opening.test(bare) || isFirstWord ? [] : [bare]
  })
}

function withoutOpening(name: string): string {
  const [first = '', ...rest] = name.split(/\s+/)
  return opening.test(first) ? withoutOpening(rest.join(' ')) : name
}

/** What a referring word means; `isName`: whether it can be put in the word's place. */
export type Topic = { text: string; isName: boolean }

/** What a referring word of this kind means: what the question before asked for and its answer told, if that is of this kind; else what the question was about. */
export function topicOf(kind: ReferenceKind, { question, answer }: { question: string; answer: string }): Topic | undefined {
  const told = asksFor(question)[kind] ? toldBy(question, answer) : undefined
  if (told !== undefined) return { text: told, isName: true }
  const names = namesIn(question)
  const [name] = names
  if (name !== undefined && names.length === 1) return { text: name, isName: true }
  const phrase = names.length > 1 ? names.join(', ') : phraseOf(question)
  return phrase === '' ? undefined : { text: phrase, isName: phrase.split(' ').length <= nameWordsMax && names.length === 0 }
}

/** A phrase of more words hardly reads in the place of "it". */
const nameWordsMax = 3

/** What an answer told: the first name in its first sentence that the question does not have or, of an answer of a few words, the answer itself. */
function toldBy(question: string, answer: string): string | undefined {
  const asked = question.toLowerCase()
  const first = answer.split(/(?<=[.!?])\s+(?=\p{Lu})/u)[0]?.replace(/[.\s]+$/, '') ?? ''
  const name = namesIn(first).find((each) => !asked.includes(each.toLowerCase()))
  if (name !== undefined) return name
  const isShort = first.split(/\s+/).length <= nameWordsMax && contentTerms(first).length > 0
  return isShort && !/\d|^(?:yes|no|none|unknown|done|maybe|nothing|ok|sorry|true|false)\b/i.test(first) ? first : undefined
}

const places = '(?:city|country|state|town|place|county|continent|region|province|island|district|river|location|village|capital)'
const askedPlace = new RegExp(String.raw`\bwhere\b|\b(?:what|which)\b.*\b${places}\b`, 'i')
const askedThing =
  /\b(?:what|which)\s+(?!(?:is|are|was|were|does|do|did|happens?|about|can|could|will|would|has|have|year|time|day|date|percentage)\b)\p{L}+|\b(?:what|which)\s+(?:is|was|are|were)\s+(?:the\s+)?\p{L}+(?:\s+\p{L}+){0,7}\s+(?:of|that|which|in|from|for)\b/iu
const askedPerson =
  /\b(?:who|whose|whom|author|performer|composer|director|producer|founder|president|spouse|wife|husband|father|mother|king|queen|inventor|writer|singer|artist)\b/i

/** Whether the question asked for something that each kind of word may point to. */
function asksFor(question: string): Record<ReferenceKind, boolean> {
  const [person, place] = [askedPerson.test(question), askedPlace.test(question)]
  const thing = place || (!person && askedThing.test(question))
  return { person, place, thing, any: thing || person }
}

/** The longest run of words that carry meaning, small words between them included; without the verb that ends it in "how does it work?". */
export function phraseOf(question: string): string {
  const words = question.replace(/[?!.,;:]+(?=\s|$)/g, ' ,').split(/\s+/)
  let best: string[] = []
  let run: string[] = []
  for (const [index, each] of [...words, ','].entries()) {
    if (contentTerms(each).length > 0 || (run.length > 0 && small.test(each))) run.push(each)
    else {
      const kept = run.slice(0, run.findLastIndex((part) => !small.test(part)) + 1)
      const opener = words.slice(0, index - run.length).join(' ')
      const phrase = /\b(?:do|does|did)(?: (?:the|an?))?$/i.test(opener) && kept.length > 1 ? kept.slice(0, -1) : kept
      if (phrase.length > best.length) best = phrase
      run = []
    }
  }
  return best.slice(0, phraseWordsMax).join(' ')
}

const small = /^(?:of|the|an?|in|for|and|to|on|with)$/i
const phraseWordsMax = 12
