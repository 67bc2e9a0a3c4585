/** How well each judged document answers a question. Documents that are not judged, or whose grade is 0 or less, are not relevant. */
export type Grades = ReadonlyMap<string, number>

export type Ranked = {
  /** Documents, the best first, each once. */
  ranking: readonly string[]
  grades: Grades
}

/**
 * Normalised discounted cumulative gain of the first k: Järvelin and Kekäläinen, TOIS 2002, with linear gain and log2(rank + 1) as
 * trec_eval's `ndcg_cut` has it.
 */
export function ndcgAt(k: number, { ranking, grades }: Ranked): number {
  const ideal = [...grades.values()].filter((grade) => grade > 0).toSorted((a, b) => b - a)
  const idealGain = discountedGain(ideal.slice(0, k))
  return idealGain === 0 ? 0 : discountedGain(ranking.slice(0, k).map((document) => gradeOf(document, grades))) / idealGain
}

/** Precision at every relevant document's rank, averaged over all relevant documents, found or not: trec_eval's `map`. */
export function averagePrecision({ ranking, grades }: Ranked): number {
  let found = 0
  let sum = 0
  for (const [index, document] of ranking.entries()) {
    if (gradeOf(document, grades) === 0) continue
    found += 1
    sum += found / (index + 1)
  }
  return ratio(sum, countRelevant(grades))
}

/** The share of the relevant documents that are among the first k. */
export function recallAt(k: number, ranked: Ranked): number {
  return ratio(countFound(k, ranked), countRelevant(ranked.grades))
}

/** The share of the first k places with a relevant document. Places without any document count as wrong, as in trec_eval. */
export function precisionAt(k: number, ranked: Ranked): number {
  return countFound(k, ranked) / k
}

/** One over the rank of the first relevant document, 0 when none is among the first k. */
export function reciprocalRankAt(k: number, { ranking, grades }: Ranked): number {
  const index = ranking.slice(0, k).findIndex((document) => gradeOf(document, grades) > 0)
  return index === -1 ? 0 : 1 / (index + 1)
}

/** 1 when every relevant document is among the first k, else 0: what a question of several hops needs. */
export function allFoundAt(k: number, ranked: Ranked): number {
  const relevant = countRelevant(ranked.grades)
  return relevant > 0 && countFound(k, ranked) === relevant ? 1 : 0
}

function discountedGain(gains: readonly number[]): number {
  return gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0)
}

function countFound(k: number, { ranking, grades }: Ranked): number {
  return ranking.slice(0, k).filter((document) => gradeOf(document, grades) > 0).length
}

export function countRelevant(grades: Grades): number {
  return [...grades.values()].filter((grade) => grade > 0).length
}

function gradeOf(document: string, grades: Grades): number {
  return Math.max(0, grades.get(document) ?? 0)
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
