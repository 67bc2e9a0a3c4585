import type { ApprovalSummary, Citation, TurnAnswer, TurnStatus, Usage } from '@weft/contracts'
import { approvalTool } from './tool-answers.ts'

/** What every chunk of one answer has in common. */
export interface CompletionIdentity {
  id: string
  model: string
  /** Unix seconds. */
  created: number
  includesUsage: boolean
}

/** The `weft` object of an answer, as the public API has it. */
export interface WeftAnswer {
  sessionId: string
  turn: number
  status: Exclude<TurnStatus, 'running'>
  degraded: string[]
  citations: Citation[]
  approvals: ApprovalSummary[]
  costUsd: number
  usageByModel: Usage[]
  traceId: string
}

export interface TokenUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
}

export function tokenUsage(usage: Usage[]): TokenUsage {
  const { inputTokens: prompt, outputTokens: completion } = usedTokens(usage)
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}

/** Of all calls together. */
export function usedTokens(usage: Usage[]): { inputTokens: number; outputTokens: number } {
  return {
    inputTokens: usage.reduce((sum, used) => sum + used.inputTokens, 0),
    outputTokens: usage.reduce((sum, used) => sum + used.outputTokens, 0),
  }
}

interface ToolCallDelta {
  index: number
  id?: string
  type?: 'function'
  function: { name?: string; arguments: string }
}

export type Delta =
  | { role: 'assistant'; content: '' }
  | { content: string }
  | { reasoning_content: string }
  | { tool_calls: ToolCallDelta[] }

export type FinishReason = 'stop' | 'length' | 'content_filter' | 'tool_calls'

/** Why a workflow's answer ends, as the answer of one model would say it: a part is never passed off as the whole. */
export function finishReasonOf({ status, answer, isToolCall }: EndFacts & { isToolCall: boolean }): FinishReason {
  if (isToolCall) return 'tool_calls'
  if (status !== 'completed') return 'stop'
  if (answer.degraded.includes('content_filter')) return 'content_filter'
  return answer.degraded.includes('answer_truncated') ? 'length' : 'stop'
}

/** Chunks that put approvals as tool calls: each first named, then its arguments. */
export function toolCallChunks(identity: CompletionIdentity, approvals: ApprovalSummary[]): string[] {
  return approvals.flatMap((approval, index) => {
    const named = { index, id: approval.id, type: 'function' as const, function: { name: approvalTool, arguments: '' } }
    const asked = { index, function: { arguments: JSON.stringify(approval) } }
    return [named, asked].map((call) => deltaChunk(identity, { tool_calls: [call] }))
  })
}

function toolCalls(approvals: ApprovalSummary[]) {
  return approvals.map((approval) => {
    return { id: approval.id, type: 'function', function: { name: approvalTool, arguments: JSON.stringify(approval) } }
  })
}

/** A chunk with a piece of the answer, as JSON. */
export function deltaChunk(identity: CompletionIdentity, delta: Delta): string {
  return JSON.stringify({ ...chunkBase(identity), choices: [{ index: 0, delta, logprobs: null, finish_reason: null }] })
}

/** The last chunk that has a choice; it carries the `weft` object. */
export function finishChunk(identity: CompletionIdentity, { weft, reason }: { weft: WeftAnswer; reason: FinishReason }): string {
  return JSON.stringify({
    ...chunkBase(identity),
    choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: reason }],
    weft,
  })
}

/** Only for clients that asked for usage: its own chunk, without a choice. */
export function usageChunk(identity: CompletionIdentity, usage: TokenUsage): string {
  return JSON.stringify({ ...chunkBase(identity), choices: [], usage })
}

/** A whole answer that is not streamed. */
export function completionBody(
  identity: CompletionIdentity,
  text: string,
  more: { usage: TokenUsage; reasoning: string; weft: WeftAnswer; reason: FinishReason },
) {
  const { id, created, model } = identity
  const reasoning = more.reasoning === '' ? {} : { reasoning_content: more.reasoning }
  const isToolCall = more.reason === 'tool_calls'
  const calls = isToolCall ? { tool_calls: toolCalls(more.weft.approvals) } : {}
  const content = isToolCall && text === '' ? null : text
  const message = { role: 'assistant', content, refusal: null, ...reasoning, ...calls }
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: more.reason }],
    usage: more.usage,
    weft: more.weft,
  }
}

function chunkBase({ id, created, model, includesUsage }: CompletionIdentity) {
  return { id, object: 'chat.completion.chunk', created, model, ...(includesUsage ? { usage: null } : {}) }
}

/** The facts of an ended turn as its answer shows them. */
export function weftAnswer(place: { sessionId: string; turn: number; traceId: string }, end: EndFacts): WeftAnswer {
  const { status, answer, approvals } = end
  return {
    ...place,
    status,
    degraded: answer.degraded,
    citations: answer.citations,
    approvals,
    costUsd: answer.costUsd,
    usageByModel: answer.usage,
  }
}

export interface EndFacts {
  status: Exclude<TurnStatus, 'running'>
  answer: TurnAnswer
  approvals: ApprovalSummary[]
}
