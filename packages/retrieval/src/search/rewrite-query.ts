import { countContentTerms } from '../text/content-terms.ts'
import { findReference, type Reference } from './find-reference.ts'
import { namesIn, phraseOf, topicOf } from './topic-of-question.ts'

/** One message of a conversation, as text. */
export type SaidBefore = { role: 'user' | 'assistant'; text: string }

/** How many earlier questions are read; older ones hardly matter, and reading each takes time. */
const turnsMax = 8
const answerCharsMax = 600

/**
 * Rewrites a question so that it can be understood and searched for without the conversation before it: what it leaves out or only refers to ("and how long is
 * it there?", "what about plan B?") is filled in from there, and courtesies are removed. A question that stands alone is returned as it is. The rules are made
 * for English; questions in other languages keep their words.
 */
export function rewriteQuery(question: string, earlier: SaidBefore[]): string {
  let before: Exchange | undefined
  for (const { role, text } of sinceLast(earlier)) {
    if (role === 'user') before = { question: beginningOf(standAlone(text, before), questionCharsMax), answer: '' }
    else if (before !== undefined && before.answer === '') before.answer = withoutMarkers(beginningOf(text, answerCharsMax))
  }
  return standAlone(question, before)
}

/** An earlier question, rewritten to stand alone, and its answer. */
export type Exchange = { question: string; answer: string }

function sinceLast(earlier: SaidBefore[]): SaidBefore[] {
  const asked = earlier.flatMap(({ role }, index) => (role === 'user' ? [index] : []))
  return earlier.slice(asked.at(-turnsMax) ?? 0)
}

function standAlone(asked: string, before: Exchange | undefined): string {
  const question = withoutCourtesies(asked)
  if (before === undefined || question.length > questionCharsMax || courtesyAlone.test(question)) return question
  const other = otherSubject(question)
  if (other !== undefined) return aboutOther(other, before.question)
  const bare = question.replace(connective, '')
  const references = findReference(bare)
  if (references.length > 0) return fillIn(bare, references, before)
  if (countContentTerms(bare) < termsOfQuestion) return `${before.question} ${bare}`
  return bare === question ? question : capitalised(bare)
}

/** Longer questions are not rewritten: they are texts that can be understood alone. */
const questionCharsMax = 600

/** A question with fewer content words than this continues the one before: "Why?", "And in winter?". */
const termsOfQuestion = 2

const courtesyAlone = /^(?:hi|hello|hey|thanks|thank you(?: very much)?|ok|okay|great|good|bye|goodbye)[\s!.]*$/i

const connective = /^(?:(?:and|but|so|or|also|ok(?:ay)?|then|well|now)\b,?\s+)+/i

const courtesies = [
  /^(?:(?:hi|hello|hey|thanks|thank you|great|good|nice|perfect)(?: there| so much| a lot| very much)?\s*[!,.]+\s*)+/i,
  /^(?:please\s+)?(?:(?:can|could|would|will) you\s+)?(?:please\s+)?(?:tell|explain to|show|remind) me(?:,)?\s+(?=(?:who|what|when|where|why|how|which|whether|if)\b)/i,
  /^(?:i(?:'d| would) (?:like|love|want) to know|i (?:want|need) to know|do you know|i was wondering|i wonder),?\s+(?=(?:who|what|when|where|why|how|which|whether|if)\b)/i,
  /,?\s*(?:please|thanks|thank you)(?=[.?!]*$)/i,
]

function withoutCourtesies(asked: string): string {
  const said = asked.trim()
  const bare = courtesies.reduce((text, courtesy) => text.replace(courtesy, ''), said.slice(0, questionCharsMax))
  return bare === '' || said.length > questionCharsMax ? said : bare
}

const other = /^(?:(?:and|but|so|or|ok(?:ay)?|then),?\s+)*(?:what|how) about\s+(?<subject>.+?)[\s?.!]*$/i
const otherShort =
  /^(?:and|or)\s+(?<subject>(?:(?:for|in|of|with|on|at|to|by|from|the|a|an|his|her|its|their)\s+)*[^\s?]+(?:\s+[^\s?]+){0,3})\s*\?*$/i
const asking =
  /\b(?:who|whom|whose|what|when|where|why|how|which|is|are|was|were|do|does|did|can|could|will|would|has|have|had|should)\b/i

/** The subject of which the same is asked: "plan B" in "what about plan B?", "in Norway" in "and in Norway?". */
function otherSubject(question: string): string | undefined {
  const about = other.exec(question)?.groups?.subject
  if (about !== undefined) return findReference(about).length > 0 ? undefined : about
  const short = otherShort.exec(question)?.groups?.subject
  return short === undefined || asking.test(short) || findReference(short).length > 0 ? undefined : short
}

const preposition = /^(?:for|in|of|with|on|at|to|by|from)\s+/i

/** The question before, asked of another subject, which replaces the one that is like it or, if there is none, is added. */
function aboutOther(subject: string, question: string): string {
  const bare = subject.replace(preposition, '').replace(/^(?:the|an?)\s+/i, '')
  const names = namesIn(question)
  const [name = ''] = names
  if (names.length === 1 && namesIn(bare).length > 0) return question.replace(name, () => bare)
  const like = placeOfAlike(bare, question)
  return like === undefined ? `${question} ${subject}` : question.replace(like, () => bare)
}

/** The words in the question that are like the subject, because they begin or end with the same word: "plan A" for "plan B". */
function placeOfAlike(subject: string, question: string): string | undefined {
  const words = subject.split(/\s+/).filter((word) => word !== '')
  if (words.length < 2) return undefined
  const [first = '', last = ''] = [words[0], words.at(-1)]
  const escaped = [first, last].map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const sameFirst = new RegExp(String.raw`(?<![\p{L}\p{N}])${escaped[0]}\s+[\p{L}\p{N}][\p{L}\p{N}.-]*`, 'iu').exec(question)?.[0]
  if (sameFirst !== undefined && countContentTerms(first) > 0) return sameFirst
  const sameLast = new RegExp(String.raw`[\p{L}\p{N}][\p{L}\p{N}.-]*\s+${escaped[1]}(?![\p{L}\p{N}])`, 'iu').exec(question)?.[0]
  return sameLast !== undefined && countContentTerms(last) > 0 ? sameLast : undefined
}

/**
 * Replaces the referring word by what it means. What does not fit into its place is added in brackets at the end, as is the topic of the question before if there
 * are referring words of several kinds ("it … there").
 */
function fillIn(question: string, references: Reference[], before: Exchange): string {
  const [reference] = references
  const isOne = references.every(({ kind }) => kind === reference?.kind)
  const topic =
    reference === undefined || !isOne ? { text: phraseOf(before.question), isName: false } : topicOf(reference.kind, before)
  if (reference === undefined || topic === undefined || topic.text === '') return `${before.question} ${question}`
  const { start, end, form } = reference
  if (!topic.isName) return capitalised(question.replace(/\s*([.?!]*)$/, (_, stop: string) => ` (${topic.text})${stop}`))
  const put = { plain: topic.text, possessive: possessive(topic.text), place: `in ${topic.text}` }[form]
  return capitalised(`${question.slice(0, start)}${put}${question.slice(end)}`)
}

function possessive(topic: string): string {
  return /['’]s$|s['’]$/.test(topic) ? topic : `${topic}'s`
}

function capitalised(text: string): string {
  return text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase())
}

/** Rewriting takes time that grows with the square of the length, so that only the beginning is read. */
function beginningOf(text: string, charsMax: number): string {
  return text.slice(0, charsMax).toWellFormed()
}

function withoutMarkers(text: string): string {
  return text.replace(/\s*\[\d{1,3}\]/g, '')
}
