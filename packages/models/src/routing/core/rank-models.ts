import type { Random } from './draw-sample.ts'
import { type LearnedQuality, type PromptFacts, withinOne } from './learned-quality.ts'
import { stepsOf } from './prompt-features.ts'
import type { QualityPrice } from './quality-price.ts'

/** A model that is known to support what a request asks. */
export interface RouteCandidate {
  model: string
  /** What this request is expected to cost with it, and what it may cost at most. */
  expectedUsd: number
  worstUsd: number
  firstTokenMs?: number | undefined
  /** The state of its breaker; undefined when breakers are not kept. */
  breaker?: string | undefined
}

export interface RouteLimits {
  maxCostUsd?: number | undefined
  maxFirstTokenMs?: number | undefined
}

export interface RankedCandidate extends RouteCandidate {
  /** How many answers of this class the belief rests on. */
  outcomes: number
  /** Believed qualities, as shares of the best possible answer: the mean of the class, the one expected of this prompt, and the one drawn for this decision. */
  classQuality: number
  expectedQuality: number
  sample: number
  /** The part of `expectedQuality` and `sample` that is assumed until outcomes tell; below 0 when a cheaper model is doubted. */
  assumed: number
  /** The drawn quality, less the model's cost in points of quality. */
  score: number
}

export interface Exclusion {
  model: string
  /** Such as `tools`, `context`, `cost`, `latency`, `breaker_open`, `not_allowed`, `price_unknown`. */
  code: string
  why: string
}

export interface RankedModels {
  /** The best first. */
  ranked: RankedCandidate[]
  excluded: Exclusion[]
  /** False while nothing is known of the class: the cheapest comes first then, without chance. */
  hasLearned: boolean
}

export interface RankingOptions {
  prompt: PromptFacts
  limits: RouteLimits
  learned: LearnedQuality
  price: QualityPrice
  random: Random
}

/**
 * Ranks candidates by a quality drawn from what is believed of each (Thompson sampling), less their cost in points of quality. Until something is learned of the
 * prompt's class, the cheapest comes first.
 */
export function rankModels(candidates: readonly RouteCandidate[], options: RankingOptions): RankedModels {
  const { prompt, limits, learned, price, random } = options
  const excluded: Exclusion[] = []
  const fitting = candidates.filter((candidate) => {
    const exclusion = exceeds(candidate, limits)
    if (exclusion !== undefined) excluded.push(exclusion)
    return exclusion === undefined
  })
  const dearestUsd = Math.max(...fitting.map(({ expectedUsd }) => expectedUsd))
  const beliefs = fitting.map((candidate) => {
    const belief = learned.believe(candidate.model, prompt, random)
    const assumed = assumedOf(candidate.expectedUsd / dearestUsd, { prompt, outcomes: belief.outcomes })
    const [expected, sample] = [withinOne(belief.expected + assumed), withinOne(belief.sample + assumed)]
    return { candidate, belief: { ...belief, assumed, expected, sample } }
  })
  const hasLearned = beliefs.some(({ belief }) => belief.outcomes > 0)
  const unitUsd = price.referenceUsd() || dearestUsd || 1
  const ranked = beliefs.map(({ candidate, belief }): RankedCandidate => {
    const { outcomes, classQuality, expected: expectedQuality, assumed } = belief
    const sample = hasLearned ? belief.sample : classQuality
    const score = sample - (price.points() * candidate.expectedUsd) / unitUsd
    return { ...candidate, outcomes, classQuality, expectedQuality, sample, assumed, score }
  })
  return { ranked: ranked.toSorted((a, b) => b.score - a.score || a.expectedUsd - b.expectedUsd), excluded, hasLearned }
}

/** Chosen on the tuning split of bench/routing. */
export const suspicion = { points: 0.2, outcomes: 400 }

/** Until outcomes tell, a cheaper model is assumed to do worse than the dearest on sums of many steps, and better on sums of few. */
function assumedOf(shareOfDearest: number, { prompt, outcomes }: { prompt: PromptFacts; outcomes: number }): number {
  if (prompt.taskClass !== 'mathematics' || !Number.isFinite(shareOfDearest)) return 0
  const isDoubted = suspicion.outcomes / (suspicion.outcomes + outcomes)
  return suspicion.points * (shareOfDearest - 1) * stepsOf(prompt.features) * isDoubted
}

/** Why a model that supports the request may not be asked; undefined when it may. */
export function exceeds({ model, worstUsd, firstTokenMs, breaker }: RouteCandidate, limits: RouteLimits): Exclusion | undefined {
  const { maxCostUsd, maxFirstTokenMs } = limits
  if (breaker === 'open') return { model, code: 'breaker_open', why: `${model} kept failing and is left alone for now` }
  if (maxCostUsd !== undefined && worstUsd > maxCostUsd)
    return { model, code: 'cost', why: `${model} may cost ${usd(worstUsd)}, ${usd(maxCostUsd)} are allowed` }
  if (maxFirstTokenMs !== undefined && firstTokenMs !== undefined && firstTokenMs > maxFirstTokenMs)
    return {
      model,
      code: 'latency',
      why: `${model} takes about ${firstTokenMs} ms to its first token, ${maxFirstTokenMs} ms are allowed`,
    }
  return undefined
}

function usd(value: number): string {
  return `$${value.toPrecision(3)}`
}
