/** Value below which a share of the samples lies (nearest rank); 0 without samples. */
export function quantile(samples: number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? 0
}

export const p50 = (samples: number[]): number => quantile(samples, 0.5)
export const p99 = (samples: number[]): number => quantile(samples, 0.99)
export const largest = (samples: number[]): number => samples.reduce((most, value) => Math.max(most, value), 0)
