import { type Random, seededRandom } from '@weft/models'
import type { Choice, Contender, ContenderKind, Prepared } from './contenders.ts'

/** Shares of what the strong model alone costs and gets right. */
export interface Point {
  cost: number
  quality: number
}

/** One pass over prompts in an order of chance. `each` is told every choice. */
export function runContender(
  prompts: readonly Prepared[],
  { create, seed, each }: { create(random: Random): Contender; seed: number; each?(prompt: Prepared, choice: Choice): void },
): Point {
  const contender = create(seededRandom(seed * 7_919 + 1))
  let [cost, right] = [0, 0]
  for (const prompt of shuffled(prompts, seededRandom(seed))) {
    const choice = contender.choose(prompt)
    const answer = prompt[choice]
    contender.learn(prompt, choice, answer)
    cost += answer.costUsd
    right += answer.isRight ? 1 : 0
    each?.(prompt, choice)
  }
  return { cost: cost / sumOf(prompts, ({ strong }) => strong.costUsd), quality: right / sumOf(prompts, rightOf('strong')) }
}

/** For each seed the points of all knobs, between always-cheap and always-strong. */
export function curvesOf(kind: ContenderKind, prompts: readonly Prepared[], seeds: number): Point[][] {
  const ends = [always('weak', prompts), always('strong', prompts)]
  return Array.from({ length: seeds }, (_, seed) => [
    ...ends,
    ...kind.knobs.map((knob) => runContender(prompts, { create: (random) => kind.create(knob, random), seed: seed + 1 })),
  ])
}

export function always(choice: Choice, prompts: readonly Prepared[]): Point {
  return {
    cost: sumOf(prompts, (prompt) => prompt[choice].costUsd) / sumOf(prompts, ({ strong }) => strong.costUsd),
    quality: sumOf(prompts, rightOf(choice)) / sumOf(prompts, rightOf('strong')),
  }
}

/** The strong model for prompts that only it answers rightly, the dearest last, until the quality is reached: nobody can know this before. */
export function oracleCost(prompts: readonly Prepared[], quality: number): number {
  const needed = quality * sumOf(prompts, rightOf('strong'))
  const gains = prompts
    .filter(({ weak, strong }) => strong.isRight && !weak.isRight)
    .map((each) => each.strong.costUsd - each.weak.costUsd)
  const missing = Math.max(0, Math.ceil(needed - sumOf(prompts, rightOf('weak'))))
  const extra = gains.toSorted((a, b) => a - b).slice(0, missing)
  const base = sumOf(prompts, ({ weak }) => weak.costUsd)
  return (base + extra.reduce((sum, value) => sum + value, 0)) / sumOf(prompts, ({ strong }) => strong.costUsd)
}

/** Where the mean of the curves first reaches the quality, between its points by a straight line; with the 95 % interval over seeds (bootstrap). */
export function costAt(curves: readonly Point[][], quality: number, random: Random): { cost: number; low: number; high: number } {
  const drawn = Array.from({ length: 1_000 }, () =>
    crossing(meanCurve(curves.map(() => curves[Math.floor(random() * curves.length)] ?? [])), quality),
  ).toSorted((a, b) => a - b)
  return { cost: crossing(meanCurve(curves), quality), low: drawn[25] ?? 1, high: drawn[974] ?? 1 }
}

export function meanCurve(curves: readonly Point[][]): Point[] {
  const mean = (at: number, of: (point: Point) => number) =>
    curves.reduce((sum, curve) => sum + of(curve[at] ?? { cost: 1, quality: 1 }), 0) / curves.length
  return (curves[0] ?? [])
    .map((_, at) => ({ cost: mean(at, ({ cost }) => cost), quality: mean(at, (point) => point.quality) }))
    .toSorted((a, b) => a.cost - b.cost)
}

function crossing(curve: readonly Point[], quality: number): number {
  const at = curve.findIndex((point) => point.quality >= quality)
  const [below, above] = [curve[at - 1], curve[at]]
  if (above === undefined) return 1
  if (below === undefined) return above.cost
  return below.cost + ((above.cost - below.cost) * (quality - below.quality)) / (above.quality - below.quality)
}

function rightOf(choice: Choice): (prompt: Prepared) => number {
  return (prompt) => (prompt[choice].isRight ? 1 : 0)
}

export function sumOf(prompts: readonly Prepared[], value: (prompt: Prepared) => number): number {
  return prompts.reduce((sum, prompt) => sum + value(prompt), 0)
}

function shuffled<T>(values: readonly T[], random: Random): T[] {
  const order = [...values]
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    const [left, right] = [order[at], order[other]]
    if (left === undefined || right === undefined) continue
    order[at] = right
    order[other] = left
  }
  return order
}
