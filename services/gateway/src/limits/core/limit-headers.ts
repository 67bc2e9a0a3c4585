/** What is left of a limit per minute, and when all of it will be there again. */
export interface HeaderLevel {
  limit: number
  remaining: number
  resetMs: number
}

/** OpenAI's headers of one limit; times are written as theirs are: `120ms`, `1.5s`, `6m0s`. */
export function limitHeaders(name: 'requests' | 'tokens', levels: (HeaderLevel | undefined)[]): Record<string, string> {
  // Of the key's and the tenant's limit the one that will be met first.
  const nearest = levels.flatMap((level) => level ?? []).toSorted((a, b) => a.remaining - b.remaining || a.limit - b.limit)[0]
  if (nearest === undefined) return {}
  return {
    [`x-ratelimit-limit-${name}`]: String(nearest.limit),
    [`x-ratelimit-remaining-${name}`]: String(nearest.remaining),
    [`x-ratelimit-reset-${name}`]: describeWait(nearest.resetMs),
  }
}

function describeWait(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`
  if (ms < 60_000) return `${Math.round(ms / 10) / 100}s`
  const seconds = Math.ceil(ms / 1_000)
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
