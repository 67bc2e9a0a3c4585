import {
  classifyTask,
  createLearnedQuality,
  createQualityPrice,
  featuresOfPrompt,
  type Random,
  rankModels,
  type TaskClass,
} from '@weft/models'
import { type JudgedAnswer, type JudgedPrompt, prices } from './read-outcomes.ts'

export type Choice = 'weak' | 'strong'

export interface Prepared extends JudgedPrompt {
  taskClass: TaskClass
  features: number[]
}

/** Chooses for one prompt after the other; of each it is told the outcome of its own choice only. */
export interface Contender {
  choose(prompt: Prepared): Choice
  learn(prompt: Prepared, choice: Choice, answer: JudgedAnswer): void
}

export interface ContenderKind {
  name: string
  /** Each value is one point of its curve of quality over cost. */
  knobs: readonly number[]
  create(knob: number, random: Random): Contender
}

export function prepare(prompt: JudgedPrompt): Prepared {
  const { prompt: text } = prompt
  return { ...prompt, taskClass: classifyTask({ prompt: text }), features: featuresOfPrompt(text) }
}

export const floors = [0.85, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99, 1]
const shares = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
const lengths = [0, 60, 90, 120, 150, 180, 210, 240, 280, 320, 360, 400, 500, 700, 1_000]
/** USD that a right answer is worth. */
const worths = [0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.08, 0.15, 0.4]

const unaware = { learn: () => {} }

export const contenders: readonly ContenderKind[] = [
  {
    name: 'random at equal cost',
    knobs: shares,
    create: (knob, random) => ({ ...unaware, choose: () => (random() < knob ? 'strong' : 'weak') }),
  },
  {
    name: 'static rule: longer prompts',
    knobs: lengths,
    create: (knob) => ({ ...unaware, choose: ({ prompt }) => (prompt.length > knob ? 'strong' : 'weak') }),
  },
  {
    name: 'static rule: mathematics, code, longer prompts',
    knobs: lengths,
    create: (knob) => ({
      ...unaware,
      choose: ({ prompt, taskClass }) =>
        taskClass === 'mathematics' || taskClass === 'coding' || prompt.length > knob ? 'strong' : 'weak',
    }),
  },
  { name: 'UCB1', knobs: worths, create: (knob) => createUcb1(knob, () => '') },
  { name: 'UCB1 for each class', knobs: worths, create: (knob) => createUcb1(knob, ({ taskClass }) => taskClass) },
  {
    name: 'Weft without the prompt’s features',
    knobs: floors,
    create: (knob, random) => createRouter({ minQuality: knob, random, hasFeatures: false }),
  },
  { name: 'Weft', knobs: floors, create: (knob, random) => createRouter({ minQuality: knob, random, hasFeatures: true }) },
]

/** Auer et al., 2002, on what a right answer is worth less what it cost, scaled to [0, 1]. */
function createUcb1(worthUsd: number, groupOf: (prompt: Prepared) => string): Contender {
  const groups = new Map<string, Record<Choice, { count: number; sum: number }>>()
  const groupFor = (prompt: Prepared) => {
    const key = groupOf(prompt)
    const group = groups.get(key) ?? { weak: { count: 0, sum: 0 }, strong: { count: 0, sum: 0 } }
    groups.set(key, group)
    return group
  }
  return {
    choose(prompt) {
      const { weak, strong } = groupFor(prompt)
      if (weak.count === 0) return 'weak'
      if (strong.count === 0) return 'strong'
      const total = weak.count + strong.count
      const bound = ({ count, sum }: { count: number; sum: number }) => sum / count + Math.sqrt((2 * Math.log(total)) / count)
      return bound(strong) > bound(weak) ? 'strong' : 'weak'
    },
    learn(prompt, choice, { isRight, costUsd }) {
      const arm = groupFor(prompt)[choice]
      arm.count += 1
      arm.sum += Math.min(1, Math.max(0, ((isRight ? 1 : 0) - costUsd / worthUsd + 1) / 2))
    },
  }
}

interface RouterOptions {
  minQuality: number
  random: Random
  hasFeatures: boolean
  /** Fixed points of quality for the dearest model's cost, instead of those that reach the quality. */
  points?: number
}

/** The same of every prompt: a bias, and a length at which a sum is thought neither easy nor hard. */
const noLook = [1, 0.95]

/** The router as it is shipped, with what its caller knows before it chooses: prices and an estimate of the answer's length. */
export function createRouter({ minQuality, random, hasFeatures, points }: RouterOptions): Contender {
  const learned = createLearnedQuality()
  const price = createQualityPrice(minQuality, points === undefined ? undefined : { start: points, step: 0 })
  const featuresOf = ({ features }: Prepared) => (hasFeatures ? features : features.map((_, at) => noLook[at] ?? 0))
  let decision: ReturnType<typeof rankModels> | undefined
  return {
    choose(prompt) {
      const { taskClass } = prompt
      decision = rankModels(
        (['weak', 'strong'] as const).map((model) => {
          const expectedUsd = expectedUsdOf(prompt, model, learned.expectedOutputTokens(model, taskClass))
          return { model, expectedUsd, worstUsd: expectedUsd }
        }),
        { prompt: { taskClass, features: featuresOf(prompt) }, limits: {}, learned, price, random },
      )
      price.noteCost(Math.max(...decision.ranked.map(({ expectedUsd }) => expectedUsd)))
      return decision.ranked[0]?.model === 'strong' ? 'strong' : 'weak'
    },
    learn(prompt, choice, { isRight, outputTokens }) {
      const { taskClass } = prompt
      const reward = isRight ? 1 : 0
      learned.learn({ model: choice, taskClass, features: featuresOf(prompt), reward, outputTokens })
      const expectations = decision?.ranked.map(({ expectedQuality }) => expectedQuality) ?? []
      price.noteOutcome({ reward, expected: expectations[0] ?? 0, bestExpected: Math.max(...expectations) })
    },
  }
}

function expectedUsdOf({ prompt }: Prepared, model: Choice, outputTokens: number): number {
  const { inputUsd, outputUsd } = prices[model]
  return ((prompt.length / 4) * inputUsd + outputTokens * outputUsd) / 1_000_000
}
