import type { TaskClass } from './classify-task.ts'
import { createDifficultyModel, type DifficultyModel } from './difficulty-model.ts'
import { drawBeta, drawNormal, type Random } from './draw-sample.ts'
import { featureCount } from './prompt-features.ts'

/** What became of one answer: 1 is as good as can be, 0 useless. */
export interface Outcome {
  model: string
  taskClass: TaskClass
  features: readonly number[]
  reward: number
  /** Tokens of the answer, where they were counted. */
  outputTokens?: number | undefined
}

export interface PromptFacts {
  taskClass: TaskClass
  features: readonly number[]
}

/** What is believed of a model's answer to a prompt, as shares of the best possible. */
export interface QualityBelief {
  /** How many answers of this class it rests on. */
  outcomes: number
  /** Mean of the class. */
  classQuality: number
  /** The class's mean and what this prompt differs from it. */
  expected: number
  /** A draw from the belief; the mean where drawing would teach nothing. */
  sample: number
}

export interface LearnedQuality {
  learn(outcome: Outcome): void
  /** A model was chosen; its outcome may follow. */
  noteChoice(model: string, taskClass: TaskClass): void
  believe(model: string, prompt: PromptFacts, random: Random): QualityBelief
  expectedOutputTokens(model: string, taskClass: TaskClass): number
}

/** All values chosen on the tuning split of bench/routing, except `memory`, which bounds what is kept. */
export const learningDefaults = {
  /** The last outcomes count, older ones are forgotten. */
  memory: 2_000,
  /** How strongly the weights of a prompt's features are held at 0, in outcomes. */
  priorStrength: 30,
  /** Variance of an outcome that is right or wrong, of models that are mostly right. */
  outcomeNoise: 0.15,
  /** Of a prompt's uncertainty, what a draw makes use of. */
  exploration: 0.3,
}

/** A model is drawn by chance only while at most so many of its answers in a class lack an outcome: without outcomes, chance teaches nothing. */
const unansweredMax = 20
const outputPrior = { tokens: 400, weight: 3 }

interface ClassRecord {
  good: number
  bad: number
  unanswered: number
  outputTokens: number
  outputCount: number
}

/** Nothing learned yet. Per model and class a Beta belief (uniform at first), per model a regression of what a prompt differs from its class. */
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

  /** What is forgotten is forgotten by learning the rest anew, once it is as much as what is kept. */
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
