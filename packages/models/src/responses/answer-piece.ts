import type { FinishReason, TokenCounts } from '../model-event.ts'
import type { FileSearchResult } from './response-object.ts'

/** A piece of an answer that is written as a response; pieces come in order. */
export type AnswerPiece =
  | { type: 'text'; delta: string; logprobs?: unknown[] | undefined }
  | { type: 'refusal'; delta: string }
  | { type: 'reasoning'; delta: string }
  | { type: 'tool_call'; index: number; id?: string | undefined; name?: string | undefined; argumentsDelta: string }
  | { type: 'file_search'; queries: string[]; hasFailed: boolean; results?: FileSearchResult[] | null }
  | { type: 'finish'; reason: FinishReason }
  | ({ type: 'tokens' } & TokenCounts)
