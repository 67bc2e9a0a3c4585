import type { TaskClass } from './core/classify-task.ts'
import type { Exclusion, RankedCandidate } from './core/rank-models.ts'

/** Why a model was chosen for a request, with everything that the choice was made by. */
export interface RouteReceipt {
  taskClass: TaskClass
  /** The wanted share of the best candidate's quality. */
  minQuality: number
  /** How many more points of quality a candidate must have for costing `unitUsd` more. */
  pricePoints: number
  unitUsd: number
  /** The best first. */
  candidates: RankedCandidate[]
  excluded: Exclusion[]
  /** The models that are asked one after another, until one answers. */
  chain: string[]
  why: string
}

/** Tells in a sentence what decided the choice. */
export function explainChoice(ranked: readonly RankedCandidate[], hasLearned: boolean): string {
  const [chosen, next] = ranked
  if (chosen === undefined) return 'no model can answer this request within its limits'
  if (next === undefined) return `${chosen.model} alone can answer this request within its limits`
  if (!hasLearned) return `${chosen.model} is the cheapest that can answer; nothing is known yet of requests of this class`
  const isCheapest = ranked.every(({ expectedUsd }) => chosen.expectedUsd <= expectedUsd)
  if (isCheapest) return `${chosen.model} is the cheapest that can answer, and no other is enough better to be worth its price`
  return `${chosen.model} is believed enough better than cheaper models to be worth its price`
}
