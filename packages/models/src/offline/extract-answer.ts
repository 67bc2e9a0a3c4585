import { type AnswerPrompt, conflictPhrase } from '../step/answer-prompt.ts'
import { type OverviewRequest, overviewRequest } from '../step/overview-request.ts'
import type { PromptSource, PromptStatement } from '../step/prompt-tags.ts'
import { areInConflict } from './find-conflict.ts'
import { isStopWord, topicStems } from './normalise-words.ts'
import { overlapCoefficient } from './overlap-coefficient.ts'
import { readSlips, type Slip } from './read-slips.ts'
import { type ScoredSentence, scoreSentences } from './score-sentences.ts'
import { documentOf, summariseSources } from './summarise-sources.ts'

/**
 * When the best sentence covers less than this share of the question's weight, it is about something else. Chosen on SciFact's 300 test claims with eight
 * retrieved abstracts: 2 % of the claims are refused, and 89 % when the abstracts are those of another claim.
 */
const coverageMin = 0.23
const sentencesMax = 5
const sentencesMin = 2
/** A further sentence needs this share of the best one's score to be worth reading, and the larger one when its source was quoted already. */
const worthwhile = 0.4
const worthwhileAgain = 0.5
const perSourceMax = 3
/** Sentences for each subject of a comparison. */
const perSubjectMax = 3
/** Sentences sharing this much of their words say the same thing. */
const nearDuplicate = 0.7
/** Sentences that share less of their words are not checked for a contradiction: sharing is cheap to test, and there may be thousands of pairs. */
const comparable = 0.6
/** How much is told of what a step says without a source. */
const statementCharsMax = 500

/** The sentences of an answer, each followed by its citation; or sentences that say that the sources hold no evidence. */
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

/**
 * Of several documents, each sentence is told in a line of its own, followed by the name of its document. The name does not come first, because the numbers in it
 * would be taken for a part of what is cited.
 */
function tellOverview(sources: PromptSource[], { topic }: OverviewRequest): string[] {
  const told = summariseSources(sources, topic === undefined ? undefined : readSlips(topic, sources).question)
  const areSeveral = new Set(told.map(({ document }) => document)).size > 1
  return told.map(({ sourceId, document, text }, index) =>
    areSeveral
      ? `${index === 0 ? '' : '\n'}- “${text}” [${sourceId}] — ${document.replace(/[[\]]/g, '')}`
      : `${closed(text)} [${sourceId}]`,
  )
}

/** What other steps say without citing a source, each with the step that says it. What they cited is told by the sources themselves. */
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

/** Answers for each subject from its own sources, and says which subject no source covers. */
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

/** The question without the names of the other subjects, which would count as words that this subject's sources lack. */
function withoutWordsOf(others: string, question: string): string {
  const stems = new Set(topicStems(others))
  return question
    .split(/\s+/)
    .filter((word) => !topicStems(word).some((stem) => stems.has(stem)))
    .join(' ')
}

/**
 * The best sentences with their citations; none when even the best is about something else. A sentence in which a number of the question differs, such as one on
 * another article or pump, is not taken for a contradiction.
 */
function quoteSentences({ question, sources }: AnswerPrompt): string[] {
  const scored = scoreSentences(question, sources).filter((sentence) => sentence.score > 0)
  if (!scored.some((sentence) => sentence.coverage >= coverageMin)) return []
  const chosen = chooseSentences(scored)
  const documents = new Map(sources.map(({ id, title }) => [id, documentOf(title)]))
  const askedNumbers = topicStems(question).filter((stem) => /^\d/.test(stem))
  const said = new Set<ScoredSentence>()
  return chosen.flatMap((sentence) => {
    if (said.has(sentence)) return []
    const others = scored.filter(
      ({ sourceId, stems }) =>
        documents.get(sourceId) !== documents.get(sentence.sourceId) &&
        overlapCoefficient(stems, sentence.stems) >= comparable &&
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

/** Chooses sentences, best first. A source is quoted again only by sentences half as good as the best, and nothing is said twice. */
function chooseSentences(scored: ScoredSentence[]): ScoredSentence[] {
  const ranked = scored.toSorted((a, b) => b.score - a.score || a.sourceRank - b.sourceRank || a.position - b.position)
  const best = ranked[0]?.score ?? 0
  const chosen: ScoredSentence[] = []
  for (const sentence of ranked) {
    const least = chosen.length < sentencesMin ? worthwhile / 2 : worthwhile
    if (chosen.length >= sentencesMax || sentence.score < least * best) break
    const ofSource = chosen.filter((other) => other.sourceId === sentence.sourceId).length
    const isHeard = ofSource >= perSourceMax || (ofSource > 0 && sentence.score < worthwhileAgain * best)
    if (!isHeard && !chosen.some((other) => overlapCoefficient(other.stems, sentence.stems) >= nearDuplicate))
      chosen.push(sentence)
  }
  return chosen
}

/** Adds the end mark that list items often lack, so that the next sentence does not run on. */
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
