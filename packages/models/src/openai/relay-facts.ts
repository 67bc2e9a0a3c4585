import type { FinishReason, TokenCounts } from '../model-event.ts'

/** What is learned of a relayed call besides the bytes that pass through. */
export interface RelayFacts {
  tokens?: TokenCounts | undefined
  finishReason?: FinishReason | undefined
  responseId?: string | undefined
  /** Characters of content seen, for an estimate when the provider did not count. */
  contentChars: number
}
