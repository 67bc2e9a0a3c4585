import { seededRandom } from '@weft/models'
import { markdownTable } from '../measuring/markdown-table.ts'
import { type Contender, contenders, createRouter, type Prepared } from './contenders.ts'
import { always, meanCurve, type Point, runContender, sumOf } from './run-contender.ts'

/** Quality over cost, as points `cost:quality`. */
export function describeCurves(name: string, curves: Map<string, Point[][]>): string {
  const rows = [...curves].map(([contender, each]) => [
    contender,
    meanCurve(each)
      .map(({ cost, quality }) => `${cost.toFixed(2)}:${quality.toFixed(3)}`)
      .join(' '),
  ])
  return `<details><summary>Curves of ${name}, cost:quality</summary>\n\n${markdownTable(['', 'points'], rows)}\n\n</details>`
}

/**
 * Cumulative regret against the best answer for each prompt, in right answers, where a right answer is worth so much that always-cheap and always-strong
 * come to the same: no contender gains by always choosing one model.
 */
export function describeRegret(prompts: readonly Prepared[], seeds: number): string {
  const worthUsd = tieWorth(prompts)
  const marks = [100, 200, 400, 800, 1_600, prompts.length].filter((mark) => mark <= prompts.length)
  const cheap = sumOf(prompts, ({ strong }) => strong.costUsd) / prompts.length / worthUsd
  const learners: [string, (seed: number) => Contender][] = [
    ...contenders
      .filter(({ name }) => name.startsWith('UCB1'))
      .map((kind): [string, (seed: number) => Contender] => [kind.name, (seed) => kind.create(worthUsd, seededRandom(seed))]),
    [
      'Weft without the prompt’s features',
      (seed) => createRouter({ minQuality: 1, random: seededRandom(seed), hasFeatures: false, points: cheap }),
    ],
    ['Weft', (seed) => createRouter({ minQuality: 1, random: seededRandom(seed), hasFeatures: true, points: cheap })],
    ['random', (seed) => randomChoice(seed)],
  ]
  const rows = learners.map(([name, create]) => {
    const sums = marks.map(() => 0)
    for (let seed = 1; seed <= seeds; seed++) addRegret(prompts, { create: () => create(seed), seed, worthUsd, marks, sums })
    return [name, ...sums.map((sum) => (sum / seeds).toFixed(0))]
  })
  return `Cumulative regret after so many prompts, both mixed, in right answers against the best choice for each; a right answer is worth $${worthUsd.toPrecision(3)}, at which always-cheap and always-strong come to the same.\n\n${markdownTable(['', ...marks.map(String)], rows)}`
}

function randomChoice(seed: number): Contender {
  const random = seededRandom(seed)
  return { choose: () => (random() < 0.5 ? 'strong' : 'weak'), learn: () => {} }
}

function tieWorth(prompts: readonly Prepared[]): number {
  const [weak, strong] = [always('weak', prompts), always('strong', prompts)]
  const strongUsd = sumOf(prompts, (prompt) => prompt.strong.costUsd)
  const strongRight = sumOf(prompts, (prompt) => (prompt.strong.isRight ? 1 : 0))
  return ((strong.cost - weak.cost) * strongUsd) / ((strong.quality - weak.quality) * strongRight)
}

function addRegret(
  prompts: readonly Prepared[],
  {
    create,
    seed,
    worthUsd,
    marks,
    sums,
  }: { create(): Contender; seed: number; worthUsd: number; marks: number[]; sums: number[] },
): void {
  let regret = 0
  let seen = 0
  const worthOf = (prompt: Prepared, choice: 'weak' | 'strong') =>
    (prompt[choice].isRight ? 1 : 0) - prompt[choice].costUsd / worthUsd
  runContender(prompts, {
    create,
    seed,
    each(prompt, choice) {
      regret += Math.max(worthOf(prompt, 'weak'), worthOf(prompt, 'strong')) - worthOf(prompt, choice)
      seen += 1
      const at = marks.indexOf(seen)
      if (at >= 0) sums[at] = (sums[at] ?? 0) + regret
    },
  })
}
