export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/** The tokens of one call. `inputTokens` includes those read from a cache and written into it, `outputTokens` those of reasoning. */
export interface TokenCounts {
  inputTokens: number
  outputTokens: number
  cachedInputTokens?: number | undefined
  cacheWriteTokens?: number | undefined
  reasoningTokens?: number | undefined
}

/** `measured`: whether the provider counted the tokens; otherwise they are estimated. `priceKnown`: whether a registry has the model's price. */
export interface ModelUsage extends TokenCounts {
  costUsd: number
  measured: boolean
  priceKnown: boolean
}

interface Likelihood {
  token: string
  logprob: number
  bytes: number[] | null
}

/** How likely a token of the answer was, and the likeliest tokens in its place, in the form of chat completions. */
export interface TokenLogprob extends Likelihood {
  top_logprobs: Likelihood[]
}

/** What a model answers, in order. One `finish` and then one `usage` end every stream that does not throw. */
export type ModelEvent =
  | { type: 'text'; delta: string; logprobs?: TokenLogprob[] }
  | { type: 'reasoning'; delta: string }
  /** Why the model does not answer, in its own words. */
  | { type: 'refusal'; delta: string }
  | { type: 'tool_call'; index: number; id?: string; name?: string; argumentsDelta: string }
  | { type: 'finish'; reason: FinishReason }
  | ({ type: 'usage' } & ModelUsage)

/** What a provider yields: the events of a model, but tokens without a price instead of usage, and which model answered. */
export type ProviderEvent =
  | Exclude<ModelEvent, { type: 'usage' }>
  | ({ type: 'tokens' } & TokenCounts)
  | { type: 'response'; id?: string | undefined; model?: string | undefined }
