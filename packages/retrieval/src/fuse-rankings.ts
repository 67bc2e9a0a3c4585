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
}

/**
 * Words and vectors in equal parts but for a little: of .3 to .7, .4 to .5 were best on musique100 and anthropic_codebase alike (nDCG@10; docs/evaluation.md).
 */
export const defaultFusion: FusionOptions = { method: 'min_max', textWeight: 0.42 }

/** k = 60: Cormack, Clarke and Büttcher, SIGIR 2009. */
const rrfK = 60

/**
 * One ranking of two, best first; scores lie between 0 and 1. `min_max` adds the scores, each divided by its leg's largest: with 0, the least
 * either can be, in the place of the least one found (Bruch, Gai and Ingber, TOIS 2023). What a leg did not find counts 0 with words, and with vectors, which
 * are close to everything, as much as the last it found. `rrf` adds the inverse ranks.
 */
export function fuseRankings(legs: Legs, { method, textWeight }: FusionOptions): Fused[] {
  const words = legs.vector.length === 0 ? 1 : legs.bm25.length === 0 ? 0 : textWeight
  const weights = { bm25: words, vector: 1 - words }
  const fused = new Map<string, Fused>()
  for (const name of ['bm25', 'vector'] as const) {
    const shareOf = method === 'rrf' ? rrfShare : minMaxShare(legs[name])
    for (const [index, { id, score }] of legs[name].entries()) {
      const known = fused.get(id) ?? { id, score: 0, legs: {} }
      known.legs[name] = { rank: index + 1, score, share: weights[name] * shareOf(score, index + 1) }
      fused.set(id, known)
    }
  }
  const unseen = method === 'rrf' ? 0 : weights.vector * leastShare(legs.vector)
  for (const hit of fused.values()) hit.score = (hit.legs.bm25?.share ?? 0) + (hit.legs.vector?.share ?? unseen)
  return [...fused.values()].toSorted((a, b) => b.score - a.score || compareIds(a.id, b.id))
}

/** 1 for the first rank, so that fused scores lie between 0 and 1. */
function rrfShare(_score: number, rank: number): number {
  return (rrfK + 1) / (rrfK + rank)
}

function minMaxShare(leg: Ranked[]): (score: number) => number {
  const largest = leg[0]?.score ?? 0
  return (score) => (largest <= 0 ? 0 : Math.max(0, score) / largest)
}

function leastShare(leg: Ranked[]): number {
  const last = leg.at(-1)
  return last === undefined ? 0 : minMaxShare(leg)(last.score)
}

/** Numbers of chunks, in the order they were made. */
function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1)
}
