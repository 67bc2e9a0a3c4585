/** Bayesian linear regression, on the features of a prompt, of how much an outcome differs from the mean of its class. */
export interface DifficultyModel {
  /** The expected difference for a prompt, and its variance. */
  predict(features: readonly number[]): { mean: number; variance: number }
  learn(features: readonly number[], difference: number): void
}

export interface DifficultyPrior {
  /** How strongly weights are held at 0, in outcomes. */
  strength: number
  /** The variance of an outcome around its expected value. */
  noise: number
}

/** A model that has learned nothing yet. It learns and predicts in time quadratic in the number of features (Sherman and Morrison's update of the inverse). */
export function createDifficultyModel(size: number, { strength, noise }: DifficultyPrior): DifficultyModel {
  const covariance = Float64Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? 1 / strength : 0))
  const weights = new Float64Array(size)

  const spread = (features: readonly number[]): Float64Array => {
    const product = new Float64Array(size)
    for (let row = 0; row < size; row++) {
      let sum = 0
      for (let column = 0; column < size; column++) sum += (covariance[row * size + column] ?? 0) * (features[column] ?? 0)
      product[row] = sum
    }
    return product
  }

  return {
    predict: (features) => ({
      mean: dot(weights, features),
      variance: noise * Math.max(0, dot(spread(features), features)),
    }),
    learn(features, difference) {
      const product = spread(features)
      const scale = 1 / (1 + dot(product, features))
      const error = difference - dot(weights, features)
      for (let row = 0; row < size; row++) {
        const gain = (product[row] ?? 0) * scale
        weights[row] = (weights[row] ?? 0) + gain * error
        for (let column = 0; column < size; column++) {
          const at = row * size + column
          covariance[at] = (covariance[at] ?? 0) - gain * (product[column] ?? 0)
        }
      }
    },
  }
}

function dot(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let sum = 0
  for (let at = 0; at < left.length; at++) sum += (left[at] ?? 0) * (right[at] ?? 0)
  return sum
}
