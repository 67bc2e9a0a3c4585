import type { PromptSource } from '../answer-prompt.ts'
import { stemsOf, topicStems } from './normalise-words.ts'
import { type Sentence, splitSentences } from './split-sentences.ts'

export interface ScoredSentence {
  sourceId: number
  /** Place of the source in the prompt, from 0: retrieval put the best first. */
  sourceRank: number
  position: number
  text: string
  stems: Set<string>
  /** Share of the question's weight found in the sentence, its heading and its title; 0 to 1. */
  coverage: number
  score: number
}

/** Bounds of one scoring, so that a huge prompt cannot hold the process. */
export const scoringLimits = { sentencesMax: 5_000, sentenceCharsMax: 1_200 } as const

/** What a match in the title or heading is worth beside one in the sentence itself. */
const contextWeight = 0.4
/** Retrieval's order is evidence too, but a clearly better sentence further down wins. */
const rankWeight = 0.5
const pairWeight = 0.3

/** Every quotable sentence of the sources, scored against the question: idf-weighted overlap, word pairs, position, and the source's rank. */
export function scoreSentences(question: string, sources: PromptSource[]): ScoredSentence[] {
  const terms = questionTerms(question)
  const units = sources.flatMap(unitsOf).slice(0, scoringLimits.sentencesMax)
  const weights = weightTerms(terms, units)
  const total = sum(weights.values())
  if (total === 0) return []
  const lengthMean = sum(units.map((unit) => unit.words.length)) / Math.max(1, units.length)
  const pairs = wordPairs(terms)
  return units.map((unit) => {
    const own = weightOf(terms, unit.stems, weights)
    const context = weightOf(terms, new Set([...unit.context].filter((stem) => !unit.stems.has(stem))), weights)
    const inPairs = wordPairs(unit.words).filter((pair) => pairs.includes(pair)).length / Math.max(1, pairs.length)
    const length = 0.75 + (0.25 * unit.words.length) / Math.max(1, lengthMean)
    const overlap = (own + contextWeight * context) / total
    const place = 1 + rankWeight / (1 + unit.sourceRank) + (unit.position === 0 ? 0.03 : 0)
    const { sourceId, sourceRank, position, text, stems } = unit
    const score = own === 0 ? 0 : ((overlap * (1 + pairWeight * inPairs)) / length) * place
    return { sourceId, sourceRank, position, text, stems, coverage: (own + context) / total, score }
  })
}

/** The question's topic words; a question of stop words only is taken as it stands. */
export function questionTerms(question: string): string[] {
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
      const context = new Set([...title, ...topicStems(sentence.heading ?? '')])
      return { sourceId: source.id, sourceRank, position, text: sentence.text, words, stems: new Set(words), context }
    })
}

/** Headings only lend context; fragments and endless lines make no sentence. */
function isQuotable(sentence: Sentence): boolean {
  if (sentence.kind === 'heading') return false
  const words = sentence.text.split(/\s+/).length
  return words >= (sentence.kind === 'sentence' ? 3 : 2) && sentence.text.length <= scoringLimits.sentenceCharsMax
}

/** A few sentences say little about which words are rare: they are taken as part of a text of this many. */
const sentencesAssumed = 50

/** Rare words weigh more: idf over the sentences. A word that no sentence has weighs as one that a single sentence has. */
function weightTerms(terms: string[], units: Unit[]): Map<string, number> {
  const count = Math.max(units.length, sentencesAssumed)
  return new Map(
    terms.map((term) => {
      const holding = Math.max(1, units.filter((unit) => unit.stems.has(term)).length)
      return [term, Math.log(1 + (count - holding + 0.5) / (holding + 0.5))]
    }),
  )
}

function weightOf(terms: string[], stems: Set<string>, weights: Map<string, number>): number {
  return sum(terms.filter((term) => stems.has(term)).map((term) => weights.get(term) ?? 0))
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
