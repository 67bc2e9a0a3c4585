interface Deprecation {
  since: string
  removedOn?: string | undefined
  replacement?: string | undefined
}

/** What a caller of a deprecated model is told beside its answer: RFC 9745 and RFC 8594 for programs, a sentence for people. */
export function deprecationHeaders(modelId: string, deprecated: Deprecation | undefined): Record<string, string> {
  if (deprecated === undefined) return {}
  const { since, removedOn, replacement } = deprecated
  const end = removedOn === undefined ? '' : ` and is removed on ${removedOn}`
  const advice = replacement === undefined ? '' : `; use ${replacement} instead`
  return {
    deprecation: `@${Date.parse(since) / 1_000}`,
    ...(removedOn === undefined ? {} : { sunset: new Date(removedOn).toUTCString() }),
    ...(replacement === undefined ? {} : { link: `</v1/models/${replacement}>; rel="successor-version"` }),
    'x-weft-warning': `${modelId} is deprecated since ${since}${end}${advice}`,
  }
}
