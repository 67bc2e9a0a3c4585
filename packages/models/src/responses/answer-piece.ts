import type { FinishReason, TokenCounts } from '../model-event.ts'

/** A piece of an answer, in the order in which it is written. */
export type AnswerPiece =
  | { type: 'text'; delta: string; logprobs?: unknown[] | undefined }
  | { type: 'refusal'; delta: string }
  | { type: 'reasoning'; delta: string }
  | { type: 'tool_call'; index: number; id?: string | undefined; name?: string | undefined; argumentsDelta: string }
  | { type: 'finish'; reason: FinishReason }
  | ({ type: 'tokens' } & TokenCounts)
