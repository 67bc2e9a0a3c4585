export const fusionMethods = ['min_max', 'rrf'] as const
export type FusionMethod = (typeof fusionMethods)[number]

/** What one way of searching found, best first. `score` is its own measure, above 0. */
export type Ranked = { id: string; score: number }
export type Legs = { bm25: Ranked[]; vector: Ranked[] }
export type LegName = keyof Legs

/** `share` is what the leg gives to the fused score. */
export type LegShare = { rank: number; score: number; share: number }
export type Fused = { id: string; score: number; legs: Partial<Record<LegName, LegShare>> }

export type FusionOptions = {
  method: FusionMethod
  /** Between 0 (only vectors count) and 1 (only words count). */
  textWeight: number
  /** Different words of the question that carry meaning. */
  queryWords: number
}

/**
 * Words and vectors in equal parts, but for a little. Of all weights from .5 to .6 none was better on scifact, musique100 and anthropic_codebase
 * at once; min_max was better than rrf on each of them (docs/evaluation.md).
 */
export const defaultFusion = { method: 'min_max', textWeight: 0.53 } as const

/** Fewer known words than this, and a question is of another language than the model's; one of English words is of what they name. */
const knownShareMin = 0.3
const englishWords = /(?<!\p{L})(?:the|and|are|by|with|from|into|which|what|how|does|can|that|this|when|where|why|who)(?!\p{L})/iu
/** Of the weights .53 to .95 the best that ranks known items of six languages no worse than words alone do (docs/evaluation.md). */
const textWeightOfUnknown = 0.9

/** What words count beside vectors of a model that knows this share of the question's words: nearly all where it does not know the language. */
export function textWeightFor(query: string, knownShare = 1): number {
  return knownShare < knownShareMin && !englishWords.test(query) ? textWeightOfUnknown : defaultFusion.textWeight
}

/** k = 60: Cormack, Clarke and Büttcher, SIGIR 2009. */
const rrfK = 60

/** BM25 that a passage which holds a word of the question gets for it, about: the logarithm for a word of one passage in a hundred, times k1 + 1. */
const scoreOfWord = 5

/**
 * One ranking of two, best first; scores lie between 0 and 1. `min_max` adds the scores, each relative to what it may be: that of words to what a
 * passage with all words of the question has, so that words count less where no passage has many of them (a sum of scores brought between bounds, and bounds
 * of theory instead of the least and largest found: Bruch, Gai and Ingber, TOIS 2023); that of vectors to the largest found. What a leg did not
 * find counts 0 with words, and with vectors, which are close to everything, as much as the last it found. `rrf` adds the inverse ranks.
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

/** Rare words score above the bound: then all scores are brought down together. */
function scaleToOne(hits: Fused[]): Fused[] {
  const largest = hits[0]?.score ?? 0
  return largest <= 1 ? hits : hits.map((hit) => ({ ...hit, score: hit.score / largest }))
}

/** Numbers of chunks, in the order they were made. */
function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1)
}
