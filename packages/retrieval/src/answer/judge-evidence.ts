import { contentTerms } from '../text/content-terms.ts'

/** A passage that was found: its text and title, its BM25 score if words found it, and its cosine if vectors did. */
export type FoundPassage = { text: string; title: string; bm25?: number | undefined; cosine?: number | undefined }

/** The evidence that the passages contain an answer; each figure is between 0 and 1. */
export type EvidenceFeatures = {
  /** The share of the question's meaningful words that are in the passage with most of them. */
  coverage: number
  /** The same, in all passages together. */
  coverageOfAll: number
  /** The best BM25 score, relative to what a passage with all words of the question gets approximately. */
  words: number
}

/**
 * A logistic model over {@link EvidenceFeatures}, fitted by `bench/abstention` to answerable and unanswerable questions of three public collections. Names that the
 * passages lack would predict better there, but would mislead for documents that never name whom they are about.
 */
export const evidenceModel = { bias: -4.5, weights: { coverage: 1.2, coverageOfAll: 3.1, words: 2.5 } } as const

/** With all-MiniLM-L6-v2, a question and its answer have a cosine of .5 to .7. A passage this near is evidence, whatever its words are. */
const nearCosine = 0.5

/** A question with fewer meaningful words cannot be judged by how many of them were found. */
const termsMin = 3

/**
 * How likely it is that the passages contain an answer to the question, between 0 and 1. It goes by how near the passages are to the question, and knows nothing of
 * what is true. 0 without passages; 1 when the words cannot tell.
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

/** The BM25 score that a passage gets approximately for each word of the question that it has (see fuse-rankings.ts). */
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
