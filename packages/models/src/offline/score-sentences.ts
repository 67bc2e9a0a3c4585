import type { PromptSource } from '../step/prompt-tags.ts'
import { askedKind, tellsKind } from './asked-kind.ts'
import { bridgeSources } from './bridge-sources.ts'
import { countWords, stemsOf, topicStems } from './normalise-words.ts'
import { type Sentence, splitSentences } from './split-sentences.ts'

export interface ScoredSentence {
  sourceId: number
  /** The source's place in the prompt, from 0; retrieval puts the best first. */
  sourceRank: number
  position: number
  text: string
  stems: Set<string>
  /** The share of the question's weight that is found in the sentence, its heading and its title; 0 to 1. */
  coverage: number
  score: number
}

/** Bounds of one scoring, so that a huge prompt cannot hold the process. */
const scoringLimits = { sentencesMax: 5_000, sentenceCharsMax: 1_200 } as const

/** What a match in the title or heading counts, where one in the sentence itself counts 1. */
const contextWeight = 0.4
/** What a word with the same beginning counts, where the same word counts 1. */
const kinWeight = 0.7
/** What the first place among the sources adds: retrieval's order is evidence, but a clearly better sentence further down wins. */
const rankWeight = 0.5
const pairWeight = 0.5
/** What a number, time or name adds when the question asks for one. */
const kindWeight = 0.3

/**
 * Scores every quotable sentence of the sources against the question: by shared words, rare ones counting more, by word pairs, the kind of fact asked for, its
 * position, its source's rank, and what the best sentence names. The weights were chosen by `bench/answer-sentences`, the same for both of its collections.
 */
export function scoreSentences(question: string, sources: PromptSource[]): ScoredSentence[] {
  const terms = questionTerms(question)
  const units = sources.flatMap(unitsOf).slice(0, scoringLimits.sentencesMax)
  const matchOf = matchTerms(terms, units)
  const weights = weightTerms(terms, units, matchOf)
  const total = sum(weights.values())
  if (total === 0) return []
  const weightOf = (shareOf: (term: string) => number) => sum(terms.map((term) => shareOf(term) * (weights.get(term) ?? 0)))
  const lengthMean = sum(units.map((unit) => unit.words.length)) / Math.max(1, units.length)
  const pairs = wordPairs(terms)
  const kind = askedKind(question)
  const scored = units.map((unit) => {
    const { sourceId, sourceRank, position, text, stems, context } = unit
    const own = weightOf((term) => matchOf(term, stems))
    const around = weightOf((term) => Math.max(matchOf(term, stems), context.has(term) ? contextWeight : 0))
    const coverage = weightOf((term) => (stems.has(term) || context.has(term) ? 1 : 0)) / total
    const inPairs = wordPairs(unit.words).filter((pair) => pairs.includes(pair)).length / Math.max(1, pairs.length)
    const length = 0.75 + (0.25 * unit.words.length) / Math.max(1, lengthMean)
    const place = 1 + rankWeight / (1 + sourceRank) + (position === 0 ? 0.03 : 0)
    const asked = kind !== undefined && tellsKind(kind, text, question) ? 1 + kindWeight : 1
    const score = own === 0 ? 0 : (((around / total) * (1 + pairWeight * inPairs)) / length) * place * asked
    return { sourceId, sourceRank, position, text, stems, context, coverage, score }
  })
  return bridgeSources(scored, terms)
}

/** The question's topic words; all its words if it has only stop words. */
function questionTerms(question: string): string[] {
  const topics = unique(topicStems(question))
  return topics.length > 0 ? topics : unique(stemsOf(question))
}

interface Unit {
  sourceId: number
  sourceRank: number
  position: number
  text: string
  words: string[]
  stems: Set<string>
  context: Set<string>
}

function unitsOf(source: PromptSource, sourceRank: number): Unit[] {
  const title = topicStems(source.title)
  return splitSentences(source.text)
    .filter(isQuotable)
    .map((sentence, position) => {
      const words = topicStems(sentence.text)
      const context = new Set([...title, ...topicStems(`${sentence.heading ?? ''} ${sentence.columns ?? ''}`)])
      return { sourceId: source.id, sourceRank, position, text: sentence.text, words, stems: new Set(words), context }
    })
}

/** Whether an answer may quote this. Headings and names of columns are only context; fragments, endless lines and entries of a table of contents are no sentences. */
function isQuotable(sentence: Sentence): boolean {
  if (sentence.kind === 'heading' || sentence.kind === 'columns' || /\.{5}/.test(sentence.text)) return false
  const words = countWords(sentence.text)
  return words >= (sentence.kind === 'sentence' ? 3 : 2) && sentence.text.length <= scoringLimits.sentenceCharsMax
}

/** A few sentences tell little about which words are rare, so fewer than this many count as this many. */
const sentencesAssumed = 50

/** Weighs the words of the question by their idf over the sentences, so that rare ones count more. A word that no sentence has weighs as one that one sentence has. */
function weightTerms(terms: string[], units: Unit[], matchOf: Match): Map<string, number> {
  const count = Math.max(units.length, sentencesAssumed)
  return new Map(
    terms.map((term) => {
      const holding = Math.max(1, units.filter((unit) => matchOf(term, unit.stems) > 0).length)
      return [term, Math.log(1 + (count - holding + 0.5) / (holding + 0.5))]
    }),
  )
}

/** How well a sentence's stems match a term of the question: 1 for the term itself, {@link kinWeight} for a word with the same beginning, else 0. */
type Match = (term: string, stems: Set<string>) => number

function matchTerms(terms: string[], units: Unit[]): Match {
  const vocabulary = unique(units.flatMap((unit) => unit.words))
  const kin = new Map(terms.map((term) => [term, vocabulary.filter((word) => word !== term && areKin(term, word))]))
  return (term, stems) => {
    if (stems.has(term)) return 1
    return kin.get(term)?.some((word) => stems.has(word)) === true ? kinWeight : 0
  }
}

const kinLettersMin = 5

/** Whether two stems begin alike, the last two letters aside: "phosphorylat" and "phosphoryl", "micro" and "microgli". */
function areKin(term: string, word: string): boolean {
  if (term.length < kinLettersMin) return false
  const beginning = term.slice(0, Math.max(kinLettersMin, term.length - 2))
  return word.startsWith(beginning) || (word.length >= kinLettersMin && term.startsWith(word))
}

function wordPairs(words: string[]): string[] {
  return words.slice(1).map((word, index) => `${words[index]} ${word}`)
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}

function unique(words: string[]): string[] {
  return [...new Set(words)]
}
