/** One judged case: what is known of it, and whether it is so (1) or not (0). */
export interface Case {
  values: number[]
  label: 0 | 1
}

export interface Logistic {
  bias: number
  weights: number[]
}

const rounds = 2_000
const step = 0.5
/** Keeps weights of features that say the same from growing against each other. */
const ridge = 0.002

/** Logistic regression by gradient descent; both labels count the same, however many cases have them. */
export function fitLogistic(cases: Case[]): Logistic {
  const width = cases[0]?.values.length ?? 0
  const positives = cases.filter(({ label }) => label === 1).length
  const shareOf = (label: 0 | 1) => 0.5 / Math.max(1, label === 1 ? positives : cases.length - positives)
  let bias = 0
  const weights = new Array<number>(width).fill(0)
  for (let round = 0; round < rounds; round++) {
    let biasSlope = 0
    const slopes = weights.map((weight) => ridge * weight)
    for (const { values, label } of cases) {
      const error = (probabilityOf({ bias, weights }, values) - label) * shareOf(label)
      biasSlope += error
      for (const [index, value] of values.entries()) slopes[index] = (slopes[index] ?? 0) + error * value
    }
    bias -= step * 4 * biasSlope
    for (const [index, slope] of slopes.entries()) weights[index] = (weights[index] ?? 0) - step * 4 * slope
  }
  return { bias, weights }
}

export function probabilityOf({ bias, weights }: Logistic, values: number[]): number {
  return 1 / (1 + Math.exp(-values.reduce((sum, value, index) => sum + value * (weights[index] ?? 0), bias)))
}

/** How often a positive case is found more probable than a negative one; 1 is perfect, .5 chance. */
export function areaUnderCurve(judged: { probability: number; label: 0 | 1 }[]): number {
  const negatives = judged.filter(({ label }) => label === 0).map(({ probability }) => probability)
  const positives = judged.filter(({ label }) => label === 1)
  let wins = 0
  for (const { probability } of positives)
    for (const other of negatives) wins += probability > other ? 1 : probability === other ? 0.5 : 0
  return wins / Math.max(1, positives.length * negatives.length)
}
