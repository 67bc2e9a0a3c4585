import { breakerLimits, isWithinWindow } from './breaker.ts'

/** Counts how many of a process's latest calls of a model failed. */
export interface FailureShare {
  succeeded(atMs: number): void
  /** Answers the times of failures that the breaker has to be told now; none while failures are few among many calls. */
  failed(atMs: number): number[]
}

/**
 * When fewer than this share of a process's calls fail within the breaker's window, the failures are not held against the model: retries make up for them
 * (docs/decisions/0023-rare-failures-open-no-breaker.md).
 */
const rareShare = 0.1

/** Calls are counted in buckets of a sixth of the window. */
const bucketMs = 10_000

interface Bucket {
  startMs: number
  successes: number
  failures: number
}

/** Several failures in a row are told to the breaker whatever came before: a model that has just gone down has many answers behind it. */
export function createFailureShare(): FailureShare {
  const { failuresMax } = breakerLimits
  let buckets: Bucket[] = []
  let untold: number[] = []
  let inRow = 0

  function bucketAt(atMs: number): Bucket {
    const startMs = atMs - (atMs % bucketMs)
    const last = buckets.at(-1)
    if (last?.startMs === startMs) return last
    const next = { startMs, successes: 0, failures: 0 }
    buckets = [...buckets.filter((bucket) => isWithinWindow(bucket.startMs, atMs)), next]
    return next
  }

  return {
    succeeded(atMs) {
      bucketAt(atMs).successes += 1
      inRow = 0
    },
    failed(atMs) {
      bucketAt(atMs).failures += 1
      inRow += 1
      untold = [...untold.filter((failedMs) => isWithinWindow(failedMs, atMs)), atMs].slice(-failuresMax)
      const failures = buckets.reduce((sum, bucket) => sum + bucket.failures, 0)
      const successes = buckets.reduce((sum, bucket) => sum + bucket.successes, 0)
      if (failures < rareShare * (failures + successes) && inRow < failuresMax) return []
      const told = untold
      untold = []
      return told
    },
  }
}
