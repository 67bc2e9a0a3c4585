import type { FinishReason, TokenCounts } from '../model-event.ts'

/** A piece of an answer that is written as a response; pieces come in order. */
export type AnswerPiece =
  | { type: 'text'; delta: string; logprobs?: unknown[] | undefined }
  | { type: 'refusal'; delta: string }
  | { type: 'reasoning'; delta: string }
  | { type: 'tool_call'; index: number; id?: string | undefined; name?: string | undefined; argumentsDelta: string }
  | { type: 'file_search'; queries: string[]; hasFailed: boolean }
  | { type: 'finish'; reason: FinishReason }
  | ({ type: 'tokens' } & TokenCounts)
