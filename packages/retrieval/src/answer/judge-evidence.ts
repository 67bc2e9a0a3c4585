import { contentTerms } from '../text/content-terms.ts'

/** A passage that was found: its text, what it stands under, its BM25 score where words found it, its cosine where vectors did. */
export type FoundPassage = { text: string; title: string; bm25?: number | undefined; cosine?: number | undefined }

/** What speaks for an answer being among the passages; each between 0 and 1. */
export type EvidenceFeatures = {
  /** Words of the question that carry meaning, in the passage that has most of them. */
  coverage: number
  /** The same, in all passages together. */
  coverageOfAll: number
  /** The best BM25 score, beside what a passage with all words of the question has, about. */
  words: number
}

/**
 * A logistic model over {@link EvidenceFeatures}, fitted by `bench/abstention` to questions of three public collections, answerable and not. Names the
 * passages lack would say more there, and wrongly of documents that never name whose they are.
 */
export const evidenceModel = { bias: -4.5, weights: { coverage: 1.2, coverageOfAll: 3.1, words: 2.5 } } as const

/** A question and its answer have a cosine of .5 to .7 with all-MiniLM-L6-v2: a passage as near as that is evidence in whatever words. */
const nearCosine = 0.5

/** Questions with fewer words that carry meaning cannot be judged by how many of them are found. */
const termsMin = 3

/**
 * How likely it is that the passages hold an answer to the question, between 0 and 1: by its words alone, for they know nothing of what is true, only of what
 * is near. 0 without passages; 1 where words cannot tell.
 */
export function judgeEvidence(question: string, passages: FoundPassage[]): number {
  if (passages.length === 0) return 0
  if (new Set(contentTerms(question)).size < termsMin) return 1
  if (passages.some(({ cosine = 0 }) => cosine >= nearCosine)) return 1
  const { coverage, coverageOfAll, words } = evidenceFeatures(question, passages)
  const { bias, weights } = evidenceModel
  const sum = bias + weights.coverage * coverage + weights.coverageOfAll * coverageOfAll + weights.words * words
  return 1 / (1 + Math.exp(-sum))
}

/** BM25 that a passage gets for a word of the question, about (fuse-rankings.ts). */
const scoreOfWord = 5

export function evidenceFeatures(question: string, passages: FoundPassage[]): EvidenceFeatures {
  const terms = [...new Set(contentTerms(question))]
  const held = passages.map(({ text, title }) => new Set(contentTerms(`${title} ${text}`)))
  const shareIn = (has: (term: string) => boolean) => terms.filter(has).length / Math.max(1, terms.length)
  return {
    coverage: Math.max(0, ...held.map((own) => shareIn((term) => own.has(term)))),
    coverageOfAll: shareIn((term) => held.some((own) => own.has(term))),
    words: Math.min(1, Math.max(0, ...passages.map(({ bm25 = 0 }) => bm25)) / (scoreOfWord * Math.max(1, terms.length))),
  }
}
