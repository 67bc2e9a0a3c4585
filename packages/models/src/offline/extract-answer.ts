import { type AnswerPrompt, conflictPhrase } from '../step/answer-prompt.ts'
import { type OverviewRequest, overviewRequest } from '../step/overview-request.ts'
import type { PromptSource, PromptStatement } from '../step/prompt-tags.ts'
import { areInConflict } from './find-conflict.ts'
import { isStopWord, topicStems } from './normalise-words.ts'
import { readSlips, type Slip } from './read-slips.ts'
import { type ScoredSentence, scoreSentences } from './score-sentences.ts'
import { summariseSources } from './summarise-sources.ts'

/**
 * Below this share of the question's weight, the best sentence is about something else. Chosen on SciFact's 300 test claims with eight
 * retrieved abstracts: 2 % of the claims are refused, and 89 % when the abstracts are those of another claim.
 */
const coverageMin = 0.23
const sentencesMax = 5
const sentencesMin = 2
/** A further sentence must be this close to the best one to be worth reading, and closer still when its source has spoken. */
const worthwhile = 0.4
const worthwhileAgain = 0.5
const perSourceMax = 3
/** Of each subject of a comparison. */
const perSubjectMax = 3
/** Sentences sharing this much of their words say the same thing. */
const nearDuplicate = 0.7
/** Sentences sharing less of their words cannot contradict each other; comparing words is cheap, and there may be thousands. */
const comparable = 0.6
/** Longest part that is told of what a step says without a source. */
const statementCharsMax = 500

/** An answer as its sentences, each followed by its citation; or the statement that the sources hold no evidence. */
export function extractAnswer(prompt: AnswerPrompt): string[] {
  const subjects = Map.groupBy(prompt.sources, (source) => source.about)
  const overview = overviewRequest(prompt.question)
  const { question, slips } = readSlips(prompt.question, prompt.sources)
  const sentences =
    subjects.size > 1
      ? compareSubjects(prompt, subjects)
      : overview === undefined
        ? quoteSentences({ question, sources: prompt.sources })
        : tellOverview(prompt.sources, overview)
  const found =
    sentences.length === 0 ? noEvidence(prompt) : [...sentences, ...slips.map(tellSlip), ...(prompt.missing ?? []).map(nothingOn)]
  const unsearched = (prompt.unsearched ?? []).map((subject) => `On “${subject}” nothing could be looked up.`)
  return [...found, ...unsearched, ...tellStatements(prompt)]
}

/** Of several documents each sentence is told in a line of its own, with the name of its document behind it: before it, its numbers were part of what is cited. */
function tellOverview(sources: PromptSource[], { topic }: OverviewRequest): string[] {
  const told = summariseSources(sources, topic === undefined ? undefined : readSlips(topic, sources).question)
  const areSeveral = new Set(told.map(({ document }) => document)).size > 1
  return told.map(({ sourceId, document, text }, index) =>
    areSeveral
      ? `${index === 0 ? '' : '\n'}- “${text}” [${sourceId}] — ${document.replace(/[[\]]/g, '')}`
      : `${closed(text)} [${sourceId}]`,
  )
}

/** What was cited, the sources say themselves; what was not is told as whose word it is. */
export function tellStatements({ statements = [] }: Pick<AnswerPrompt, 'statements'>): string[] {
  return statements.flatMap(withoutSource)
}

function withoutSource({ by, text }: PromptStatement): string[] {
  if (/\[\d{1,3}\]/.test(text)) return []
  const said = text.replace(/\s+/g, ' ').trim()
  const short = said.length <= statementCharsMax ? said : `${said.slice(0, statementCharsMax).replace(/\s\S*$/, '')} …`
  return [`Without a source, step “${by}” says: ${closed(short)}`]
}

function tellSlip({ written, read }: Slip): string {
  return `No source has “${written}”; it was read as “${read}”.`
}

/** Each subject by its own sources, and plainly which one no source covers. */
function compareSubjects(prompt: AnswerPrompt, subjects: Map<string | undefined, PromptSource[]>): string[] {
  const names = [...subjects.keys()].map((about = '') => about)
  const parts = [...subjects].map(([about = '', sources]) => {
    const question = `${about} ${withoutWordsOf(names.filter((name) => name !== about).join(' '), prompt.question)}`
    const quoted = quoteSentences({ question: readSlips(question, sources).question, sources })
    return { about, quoted: quoted.slice(0, perSubjectMax) }
  })
  if (parts.every(({ quoted }) => quoted.length === 0)) return []
  return parts.flatMap(({ about, quoted }) => (quoted.length > 0 ? quoted : [nothingOn(about)]))
}

function nothingOn(subject: string): string {
  return `On “${subject}” the searched documents say nothing.`
}

/** The names of the other subjects would count as words that this subject's sources lack. */
function withoutWordsOf(others: string, question: string): string {
  const stems = new Set(topicStems(others))
  return question
    .split(/\s+/)
    .filter((word) => !topicStems(word).some((stem) => stems.has(stem)))
    .join(' ')
}

/**
 * The best sentences with their citations; none when even the best is about something else. A sentence that lacks a number of the question, such as that of another
 * article or pump, contradicts nothing.
 */
function quoteSentences({ question, sources }: AnswerPrompt): string[] {
  const scored = scoreSentences(question, sources).filter((sentence) => sentence.score > 0)
  if (!scored.some((sentence) => sentence.coverage >= coverageMin)) return []
  const chosen = chooseSentences(scored)
  const documents = new Map(sources.map(({ id, title }) => [id, title.split(' — ')[0]]))
  const askedNumbers = topicStems(question).filter((stem) => /^\d/.test(stem))
  const said = new Set<ScoredSentence>()
  return chosen.flatMap((sentence) => {
    if (said.has(sentence)) return []
    const others = scored.filter(
      ({ sourceId, stems }) =>
        documents.get(sourceId) !== documents.get(sentence.sourceId) &&
        similarity(stems, sentence.stems) >= comparable &&
        askedNumbers.every((number) => stems.has(number) || !sentence.stems.has(number)),
    )
    const contrary = others.find(({ text }) => areInConflict(sentence.text, text))
    if (contrary === undefined) return [`${closed(sentence.text)} [${sentence.sourceId}]`]
    said.add(contrary)
    return [`${conflictPhrase}: one says ${quoted(sentence)}, another ${quoted(contrary)}.`]
  })
}

function quoted({ text, sourceId }: ScoredSentence): string {
  return `“${text.replace(/[.:。]$/, '')}” [${sourceId}]`
}

/** Best first; a source speaks twice only when its further sentences are half as good as the best, and nothing is said twice. */
function chooseSentences(scored: ScoredSentence[]): ScoredSentence[] {
  const ranked = scored.toSorted((a, b) => b.score - a.score || a.sourceRank - b.sourceRank || a.position - b.position)
  const best = ranked[0]?.score ?? 0
  const chosen: ScoredSentence[] = []
  for (const sentence of ranked) {
    const least = chosen.length < sentencesMin ? worthwhile / 2 : worthwhile
    if (chosen.length >= sentencesMax || sentence.score < least * best) break
    const ofSource = chosen.filter((other) => other.sourceId === sentence.sourceId).length
    const isHeard = ofSource >= perSourceMax || (ofSource > 0 && sentence.score < worthwhileAgain * best)
    if (!isHeard && !chosen.some((other) => similarity(other.stems, sentence.stems) >= nearDuplicate)) chosen.push(sentence)
  }
  return chosen
}

function similarity(a: Set<string>, b: Set<string>): number {
  const shared = [...a].filter((word) => b.has(word)).length
  return shared / Math.max(1, Math.min(a.size, b.size))
}

/** List items often lack an end mark; without one the next sentence would run on. */
function closed(text: string): string {
  return /[.!?:…。！？।॥؟۔]["'”’)\]]*$/.test(text) ? text : `${text}.`
}

function noEvidence(prompt: AnswerPrompt): string[] {
  const topics = namedTopics(prompt.question)
  const about = topics.length === 0 ? '' : ` about ${topics.map((topic) => `“${topic}”`).join(', ')}`
  const found =
    prompt.sources.length === 0 ? 'No document matched the question.' : 'The passages that came closest do not answer it.'
  return [
    'I found no evidence for this in the searched documents.',
    found,
    `What would help: ingest documents${about}, name the vector store to search, or ask with the words the documents use.`,
  ]
}

/** Up to four words of the question that carry its topic, as the user wrote them. */
function namedTopics(question: string): string[] {
  const words = question.match(/[\p{L}\p{N}][\p{L}\p{N}-]*/gu) ?? []
  const topics = words.filter((word) => word.length > 3 && !isStopWord(word.toLowerCase()))
  return [...new Set(topics)].slice(0, 4)
}
