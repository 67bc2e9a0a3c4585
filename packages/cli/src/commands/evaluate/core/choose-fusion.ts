import { strict as assert } from 'node:assert'
import { type Estimate, estimateDifference, estimateMean, meanOf } from './bootstrap.ts'
import { seededRandom, shuffle } from './seeded-random.ts'

export type Fusion = { fusion: 'rrf' | 'min_max'; textWeight: number }

/** A way to fuse, with its value for each question. All candidates have the same questions. */
export type Candidate = Fusion & { values: readonly number[] }

export type Choice = Fusion & {
  /** The value on the questions by which it was chosen. The best of several looks better there than it is. */
  chosenOn: Estimate
  /** The value when each question is measured with what the other questions would have chosen: what to expect for new questions. */
  crossValidated: Estimate
  /** The cross-validated value minus that of the baseline. */
  difference: Estimate
}

/** From the middle outwards, because the first of several equal ones is chosen. */
const textWeights = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8]

export const fusionCandidates: readonly Fusion[] = (['rrf', 'min_max'] as const).flatMap((fusion) =>
  textWeights.map((textWeight) => ({ fusion, textWeight })),
)

const folds = 5

/** With fewer questions nothing is chosen. */
export const choiceQuestionsMin = 2 * folds

/** The candidate with the best mean, and how good such a choice is on questions that were not used for it. */
export function chooseFusion(candidates: readonly Candidate[], baseline: readonly number[], seed: number): Choice {
  assert(baseline.length >= choiceQuestionsMin, 'too few questions')
  const best = bestOn(candidates, () => true)
  const foldOf = foldsOf(baseline.length, seed)
  const perFold = Array.from({ length: folds }, (_, fold) => bestOn(candidates, (_, index) => foldOf[index] !== fold))
  const validated = baseline.map((_, index) => perFold[foldOf[index] ?? 0]?.values[index] ?? 0)
  return {
    fusion: best.fusion,
    textWeight: best.textWeight,
    chosenOn: estimateMean(best.values, seed),
    crossValidated: estimateMean(validated, seed),
    difference: estimateDifference(validated, baseline, seed),
  }
}

function bestOn(candidates: readonly Candidate[], isCounted: (value: number, index: number) => boolean): Candidate {
  const [first, ...others] = candidates.map((candidate) => ({ candidate, mean: meanOf(candidate.values.filter(isCounted)) }))
  assert(first !== undefined, 'no candidate')
  return others.reduce((best, other) => (other.mean > best.mean ? other : best), first).candidate
}

function foldsOf(count: number, seed: number): number[] {
  const foldOf = new Array<number>(count).fill(0)
  const order = shuffle([...foldOf.keys()], seededRandom(seed))
  for (const [place, index] of order.entries()) foldOf[index] = place % folds
  return foldOf
}
