import type { TaskClass } from './classify-task.ts'
import { createDifficultyModel, type DifficultyModel } from './difficulty-model.ts'
import { drawBeta, drawNormal, type Random } from './draw-sample.ts'
import { featureCount } from './prompt-features.ts'

/** How good one answer was. */
export interface Outcome {
  model: string
  taskClass: TaskClass
  features: readonly number[]
  /** 1 for the best possible answer, 0 for a useless one. */
  reward: number
  /** The answer's tokens, if they were counted. */
  outputTokens?: number | undefined
}

export interface PromptFacts {
  taskClass: TaskClass
  features: readonly number[]
}

/** What is believed of a model's answer to a prompt; qualities are shares of the best possible one. */
export interface QualityBelief {
  /** How many answers of this class the belief rests on. */
  outcomes: number
  /** The mean of the class. */
  classQuality: number
  /** The mean of the class, corrected for this prompt. */
  expected: number
  /** A draw from the belief; equal to `expected` when drawing would teach nothing. */
  sample: number
}

export interface LearnedQuality {
  learn(outcome: Outcome): void
  /** Notes that a model was chosen. Its outcome may follow. */
  noteChoice(model: string, taskClass: TaskClass): void
  believe(model: string, prompt: PromptFacts, random: Random): QualityBelief
  expectedOutputTokens(model: string, taskClass: TaskClass): number
}

/** All values were chosen on the tuning split of bench/routing, except `memory`, which bounds what is kept. */
export const learningDefaults = {
  /** How many outcomes count; older ones are forgotten. */
  memory: 2_000,
  /** How strongly the weights of a prompt's features are held at 0, in outcomes. */
  priorStrength: 30,
  /** The variance of outcomes that are right or wrong, for models that are mostly right. */
  outcomeNoise: 0.15,
  /** How much of the uncertainty about a prompt goes into a draw. */
  exploration: 0.3,
}

/** When more of a model's answers in a class lack an outcome, its quality is no longer drawn by chance: without outcomes, chance teaches nothing. */
const unansweredMax = 20
const outputPrior = { tokens: 400, weight: 3 }

interface ClassRecord {
  good: number
  bad: number
  unanswered: number
  outputTokens: number
  outputCount: number
}

/**
 * Quality of which nothing is learned yet. For each model and class there is a Beta belief, uniform at first, and for each model a regression of how a prompt differs
 * from its class.
 */
export function createLearnedQuality(options: Partial<typeof learningDefaults> = {}): LearnedQuality {
  const { memory, priorStrength, outcomeNoise, exploration } = { ...learningDefaults, ...options }
  let kept: Outcome[] = []
  let classes = new Map<string, ClassRecord>()
  let difficulties = new Map<string, DifficultyModel>()

  const recordOf = (model: string, taskClass: TaskClass): ClassRecord => {
    const key = `${taskClass} ${model}`
    const record = classes.get(key) ?? { good: 0, bad: 0, unanswered: 0, outputTokens: 0, outputCount: 0 }
    classes.set(key, record)
    return record
  }
  const difficultyOf = (model: string): DifficultyModel => {
    const known = difficulties.get(model)
    const difficulty = known ?? createDifficultyModel(featureCount, { strength: priorStrength, noise: outcomeNoise })
    if (known === undefined) difficulties.set(model, difficulty)
    return difficulty
  }

  const count = ({ model, taskClass, features, reward, outputTokens }: Outcome) => {
    const record = recordOf(model, taskClass)
    difficultyOf(model).learn(features, reward - meanOf(record))
    record.good += reward
    record.bad += 1 - reward
    if (outputTokens !== undefined) {
      record.outputTokens += outputTokens
      record.outputCount += 1
    }
  }

  /** Forgets old outcomes by learning the others anew. This is done once there are as many to forget as to keep. */
  const forget = () => {
    kept = kept.slice(-memory)
    const unanswered = new Map([...classes].map(([key, record]) => [key, record.unanswered]))
    classes = new Map()
    difficulties = new Map()
    for (const outcome of kept) count(outcome)
    for (const [key, record] of classes) record.unanswered = unanswered.get(key) ?? 0
  }

  return {
    learn(outcome) {
      const record = recordOf(outcome.model, outcome.taskClass)
      record.unanswered = Math.max(0, record.unanswered - 1)
      kept.push(outcome)
      count(outcome)
      if (kept.length >= 2 * memory) forget()
    },
    noteChoice(model, taskClass) {
      recordOf(model, taskClass).unanswered += 1
    },
    believe(model, { taskClass, features }, random) {
      const record = recordOf(model, taskClass)
      const classQuality = meanOf(record)
      const { mean, variance } = difficultyOf(model).predict(features)
      const expected = withinOne(classQuality + mean)
      const belief = { outcomes: outcomesOf(record), classQuality, expected }
      if (record.unanswered > unansweredMax) return { ...belief, sample: expected }
      const drawn = drawBeta(1 + record.good, 1 + record.bad, random) + mean
      return { ...belief, sample: withinOne(drawn + exploration * Math.sqrt(variance) * drawNormal(random)) }
    },
    expectedOutputTokens(model, taskClass) {
      const { outputTokens, outputCount } = recordOf(model, taskClass)
      return (outputTokens + outputPrior.tokens * outputPrior.weight) / (outputCount + outputPrior.weight)
    },
  }
}

function outcomesOf({ good, bad }: ClassRecord): number {
  return Math.round(good + bad)
}

function meanOf({ good, bad }: ClassRecord): number {
  return (1 + good) / (2 + good + bad)
}

export function withinOne(value: number): number {
  return Math.min(1, Math.max(0, value))
}
