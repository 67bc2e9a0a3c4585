/** What usage can be grouped by. */
export const usageGroups = ['model', 'user', 'agent', 'session', 'day', 'key', 'provider', 'kind', 'outcome'] as const
export type UsageGroup = (typeof usageGroups)[number]

/** From `fromMs`, included, to `toMs`, excluded. */
export interface UsageRange {
  tenant: string
  fromMs: number
  toMs: number
}

export interface UsageSum {
  calls: number
  inputTokens: number
  cachedInputTokens: number
  outputTokens: number
  reasoningTokens: number
  costUsd: number
  /** The part of these calls whose tokens were estimated, because the provider did not count them. */
  estimated: { calls: number; costUsd: number }
}

/** One line of a report. A group is null when its calls have no such value, as calls of a plain model request have no session. */
export type UsageLine = { [Group in UsageGroup]?: string | null } & UsageSum

export interface CallQuery extends UsageRange {
  limit: number
  after?: string | undefined
  model?: string | undefined
  user?: string | undefined
  agent?: string | undefined
  session?: string | undefined
  outcome?: string | undefined
}

/** One call of one model. `price` is the price by which its cost was computed, in USD per million tokens. */
export interface UsageCall {
  id: string
  object: 'usage.call'
  startedAt: string
  kind: string
  outcome: string
  errorCode: string | null
  model: string
  provider: string
  agent: string
  keyId: string | null
  user: string | null
  sessionId: string | null
  turn: number | null
  stepId: string | null
  attempt: number
  firstCallId: string
  isStreamed: boolean
  inputTokens: number
  cachedInputTokens: number | null
  outputTokens: number
  reasoningTokens: number | null
  costUsd: number
  measured: boolean
  priceKnown: boolean
  price: Record<string, unknown> | null
  durationMs: number | null
  firstTokenMs: number | null
  /** Why this model was chosen, when it was chosen for the caller. */
  receipt: unknown
}

export interface UsageStore {
  /** At most `limit` lines, by day and then by cost. */
  sum(query: UsageRange & { groupBy: readonly UsageGroup[]; limit: number }): Promise<{ lines: UsageLine[]; hasMore: boolean }>
  /** Newest first. Throws `invalid_request` for an `after` that names no call of the tenant. */
  calls(query: CallQuery): Promise<{ data: UsageCall[]; hasMore: boolean }>
  find(call: { tenant: string; id: string }): Promise<UsageCall | undefined>
  /** When the newest call that was moved to the archive had begun; undefined while none was. */
  removedUntil(tenant: string): Promise<string | undefined>
}
