import type { FinishReason, ModelEvent, TokenCounts } from '../model-event.ts'

/** What is learned of an answer while it passes through. */
export interface AnswerFacts {
  tokens?: TokenCounts | undefined
  finishReason?: FinishReason | undefined
  responseId?: string | undefined
  /** The model that the provider says has answered. */
  responseModel?: string | undefined
  /** Characters of content seen, for an estimate when the provider did not count. */
  contentChars: number
  /** Whether anything came that a reader would see: text, thoughts, a refusal, a tool call. */
  hasContent?: boolean
}

export function charsOfEvent(event: ModelEvent): number {
  if (event.type === 'text' || event.type === 'reasoning') return event.delta.length
  return event.type === 'tool_call' ? event.argumentsDelta.length : 0
}
