export const fusionMethods = ['min_max', 'rrf'] as const
export type FusionMethod = (typeof fusionMethods)[number]

/** A passage that one way of searching (a leg) found; lists of them have the best first. `score` is the leg's own measure, above 0. */
export type Ranked = { id: string; score: number }
export type Legs = { bm25: Ranked[]; vector: Ranked[] }
export type LegName = keyof Legs

/** A passage's rank (from 1) and score in a leg, and the part of the fused score that comes from it. */
export type LegShare = { rank: number; score: number; share: number }
export type Fused = { id: string; score: number; legs: Partial<Record<LegName, LegShare>> }

export type FusionOptions = {
  method: FusionMethod
  /** Between 0 (only vectors count) and 1 (only words count). */
  textWeight: number
  /** The number of different content words in the question. */
  queryWords: number
}

/**
 * Words and vectors in equal parts, but for a little. Of all weights from .5 to .6 none was better on scifact, musique100 and anthropic_codebase
 * at once; min_max was better than rrf on each of them (docs/evaluation.md).
 */
export const defaultFusion = { method: 'min_max', textWeight: 0.53 } as const

/**
 * A question of whose words the model knows a smaller share is in a language that the model does not know; unless it has common English words, for then its
 * unknown words are names.
 */
const knownShareMin = 0.3
const englishWords = /(?<!\p{L})(?:the|and|are|by|with|from|into|which|what|how|does|can|that|this|when|where|why|who)(?!\p{L})/iu
/** The best of the weights .53 to .95 in tests with six languages, and no worse there than words alone (docs/evaluation.md). */
const textWeightOfUnknown = 0.9

/** The default `textWeight` for a question of whose words the vectors' model knows this share: nearly 1 where the model does not know the language. */
export function textWeightFor(query: string, knownShare = 1): number {
  return knownShare < knownShareMin && !englishWords.test(query) ? textWeightOfUnknown : defaultFusion.textWeight
}

/** k = 60: Cormack, Clarke and Büttcher, SIGIR 2009. */
const rrfK = 60

/** About the BM25 score that a passage gets for one word of the question: the logarithm for a word that one passage in a hundred has, times k1 + 1. */
const scoreOfWord = 5

/**
 * Makes one ranking of two, best first, with scores between 0 and 1.
 *
 * `min_max` adds up the scores of the legs, each divided by a bound. For words the bound is what a passage with all words of the question would score, so that
 * words count less where no passage has many of them (Bruch, Gai and Ingber, TOIS 2023: bounds from theory do better than the lowest and highest score found).
 * For vectors it is the highest score found. A passage that the words did not find gets 0 from them; one that the vectors did not find gets as much as the last
 * that they found, because vectors are close to everything.
 *
 * `rrf` adds up the inverse ranks.
 */
export function fuseRankings(legs: Legs, { method, textWeight, queryWords }: FusionOptions): Fused[] {
  const words = legs.vector.length === 0 ? 1 : legs.bm25.length === 0 ? 0 : textWeight
  const weights = { bm25: words, vector: 1 - words }
  const bounds = { bm25: scoreOfWord * Math.max(1, queryWords), vector: legs.vector[0]?.score ?? 0 }
  const fused = new Map<string, Fused>()
  for (const name of ['bm25', 'vector'] as const) {
    const shareOf = method === 'rrf' ? rrfShare : boundedShare(bounds[name])
    for (const [index, { id, score }] of legs[name].entries()) {
      const known = fused.get(id) ?? { id, score: 0, legs: {} }
      known.legs[name] = { rank: index + 1, score, share: weights[name] * shareOf(score, index + 1) }
      fused.set(id, known)
    }
  }
  const unseen = method === 'rrf' ? 0 : weights.vector * boundedShare(bounds.vector)(legs.vector.at(-1)?.score ?? 0)
  for (const hit of fused.values()) hit.score = (hit.legs.bm25?.share ?? 0) + (hit.legs.vector?.share ?? unseen)
  return scaleToOne([...fused.values()].toSorted((a, b) => b.score - a.score || compareIds(a.id, b.id)))
}

/** 1 for the first rank, so that fused scores lie between 0 and 1. */
function rrfShare(_score: number, rank: number): number {
  return (rrfK + 1) / (rrfK + rank)
}

function boundedShare(bound: number): (score: number) => number {
  return (score) => (bound <= 0 ? 0 : Math.max(0, score) / bound)
}

/** Very rare words can score above the bound: then all scores are scaled down together. */
function scaleToOne(hits: Fused[]): Fused[] {
  const largest = hits[0]?.score ?? 0
  return largest <= 1 ? hits : hits.map((hit) => ({ ...hit, score: hit.score / largest }))
}

/** Compares ids as the numbers they are: equally good passages stay in the order in which their chunks were made. */
function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1)
}
