import type { PromptSource } from '../step/prompt-tags.ts'
import { countWords, topicStems } from './normalise-words.ts'
import { overlapCoefficient } from './overlap-coefficient.ts'
import { splitSentences } from './split-sentences.ts'

/** A sentence that tells what a source is about. */
export interface KeySentence {
  sourceId: number
  /** The name of its document. */
  document: string
  text: string
}

const sentencesMax = 6
const documentsMax = 16
const perSourceMax = 2
const wordsMin = 5
const charsMax = 400
/** Sentences sharing this much of their words say the same thing. */
const nearDuplicate = 0.6
/** How fast the weight of sentences falls, the further down they stand: the first ones say what a text is about. */
const leadDecay = 0.25
/** The weight of a text that is cut or lacks its end mark: it may be no whole sentence. */
const unclosedWeight = 0.5

/**
 * Summarises sources by their own sentences: of several documents the best sentence of each; of one document, or on a topic, the best sentences in their order.
 * The best are those near the beginning that hold the words the sources use most. Empty when no source has a word of the topic.
 */
export function summariseSources(sources: PromptSource[], topic: string | undefined): KeySentence[] {
  const asked = new Set(topicStems(topic ?? ''))
  const told =
    asked.size === 0
      ? sources
      : sources.filter(({ title, text }) => topicStems(`${title} ${text}`).some((stem) => asked.has(stem)))
  const documents = [...Map.groupBy(told, ({ title }) => documentOf(title)).values()]
  if (topic === undefined && documents.length > 1)
    return documents.slice(0, documentsMax).flatMap((each) => best(candidatesOf(each, asked), 1))
  const candidates = candidatesOf(told, asked)
  const chosen = new Set(best(candidates, sentencesMax))
  return candidates.filter((candidate) => chosen.has(candidate))
}

interface Candidate extends KeySentence {
  stems: Set<string>
  score: number
}

function candidatesOf(sources: PromptSource[], asked: Set<string>): Candidate[] {
  const sentences = sources.flatMap(({ id, title, text }, rank) =>
    splitSentences(text)
      .filter(({ kind, text }) => (kind === 'sentence' || kind === 'item') && isTelling(text))
      .map((sentence, position) => ({
        sourceId: id,
        document: documentOf(title),
        text: sentence.text,
        stems: new Set(topicStems(sentence.text)),
        lead: 1 / (1 + leadDecay * (position + rank)),
      })),
  )
  const counts = new Map<string, number>()
  for (const { stems } of sentences) for (const stem of stems) counts.set(stem, (counts.get(stem) ?? 0) + 1)
  return sentences.map(({ lead, ...sentence }) => {
    const { stems, text } = sentence
    const central = [...stems].reduce((sum, stem) => sum + Math.log(counts.get(stem) ?? 1), 0) / Math.max(1, stems.size)
    const share = [...asked].filter((stem) => stems.has(stem)).length / Math.max(1, asked.size)
    const form = /[.!?。！？।॥؟۔]["'”’)\]]*$/.test(text) ? 1 : unclosedWeight
    return { ...sentence, score: (0.2 + central) * (1 + share) * lead * form }
  })
}

function isTelling(text: string): boolean {
  return countWords(text) >= wordsMin && text.length <= charsMax && !/\.{5}/.test(text)
}

/** The document's part of a source's title, which its heading follows. */
export function documentOf(title: string): string {
  return title.split(' — ')[0] ?? title
}

function best(candidates: Candidate[], count: number): Candidate[] {
  const chosen: Candidate[] = []
  for (const candidate of candidates.toSorted((a, b) => b.score - a.score)) {
    if (chosen.length >= count) break
    const isHeard = chosen.filter(({ sourceId }) => sourceId === candidate.sourceId).length >= perSourceMax
    const isSaid = chosen.some((other) => overlapCoefficient(other.stems, candidate.stems) >= nearDuplicate)
    if (!isHeard && !isSaid) chosen.push(candidate)
  }
  return chosen
}
