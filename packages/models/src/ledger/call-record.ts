import { z } from 'zod'
import type { CallEnd, CallFacts } from '../attempt/call-controls.ts'
import { Price } from '../registry/read-registry.ts'
import { estimateTokens } from '../tokens/estimate-tokens.ts'
import { priceTokens } from '../tokens/price-tokens.ts'

export const callKinds = ['chat', 'embedding', 'rerank'] as const
/** `cached`: an earlier answer was given again. `lost`: the process ended before the call did. */
export const callOutcomes = ['completed', 'failed', 'cancelled', 'cached', 'lost'] as const

const count = z.int().nonnegative()

/** One call of one model, as the ledger keeps it. `price` is the one its cost was reckoned with, so that a later price changes nothing. */
export const CallRecord = z.object({
  id: z.string(),
  kind: z.enum(callKinds),
  tenant: z.string(),
  keyId: z.string().optional(),
  user: z.string().optional(),
  sessionId: z.string().optional(),
  turn: z.int().optional(),
  stepId: z.string().optional(),
  agent: z.string(),
  model: z.string(),
  provider: z.string(),
  price: Price.optional(),
  priceKnown: z.boolean(),
  attempt: z.int().positive(),
  firstCallId: z.string(),
  isStreamed: z.boolean(),
  /** Why this model was chosen. */
  receipt: z.record(z.string(), z.unknown()).optional(),
  /** Bounded by what a Date can hold (ECMA-262, 21.4.1.1). */
  startedAtMs: z.number().min(-8.64e15).max(8.64e15),
  outcome: z.enum(callOutcomes),
  errorCode: z.string().optional(),
  inputTokens: count,
  outputTokens: count,
  cachedInputTokens: count.optional(),
  reasoningTokens: count.optional(),
  costUsd: z.number().nonnegative(),
  /** Whether the provider counted the tokens; otherwise they are estimated. */
  measured: z.boolean(),
  durationMs: z.number().nonnegative().optional(),
  firstTokenMs: z.number().nonnegative().optional(),
})
export type CallRecord = z.infer<typeof CallRecord>

const knownAtTheEnd = {
  outcome: true,
  errorCode: true,
  outputTokens: true,
  cachedInputTokens: true,
  reasoningTokens: true,
  costUsd: true,
  measured: true,
  durationMs: true,
  firstTokenMs: true,
} as const

/** What is known when a call begins; `inputTokens` is an estimate. */
export const CallStart = CallRecord.omit(knownAtTheEnd)
export type CallStart = z.infer<typeof CallStart>

/** What is known once a call has ended. */
export const CallFinish = CallRecord.pick({ id: true, inputTokens: true, ...knownAtTheEnd })
export type CallFinish = z.infer<typeof CallFinish>

export function startOf(facts: CallFacts, nowMs: number): CallStart {
  const { callId, kind, model, scope, attempt, firstCallId, isStreamed, inputTokens, receipt } = facts
  const { id, provider, price, priceKnown } = model
  return {
    id: callId,
    kind,
    ...scope,
    model: id,
    provider,
    price,
    priceKnown,
    attempt,
    firstCallId,
    isStreamed,
    inputTokens,
    startedAtMs: nowMs,
    ...(receipt === undefined ? {} : { receipt: { ...receipt } }),
  }
}

export function finishOf(id: string, { usage, outcome, durationMs, firstTokenMs }: CallEnd): CallFinish {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens, costUsd, measured } = usage
  return {
    id,
    outcome: outcome.kind,
    ...(outcome.kind === 'failed' ? { errorCode: outcome.code } : {}),
    inputTokens: whole(inputTokens),
    outputTokens: whole(outputTokens),
    cachedInputTokens: cachedInputTokens === undefined ? undefined : whole(cachedInputTokens),
    reasoningTokens: reasoningTokens === undefined ? undefined : whole(reasoningTokens),
    costUsd: Math.max(0, costUsd),
    measured,
    durationMs,
    firstTokenMs,
  }
}

/** Makes any count one that can be stored, whatever the server sent: a call that could not be recorded would be free. */
function whole(tokens: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(tokens)))
}

/** The record of a call whose process ended first. Its cost is estimated from what it had sent and heard by then, at its own price. */
export function lostRecord(start: CallStart, heardChars: number): CallRecord {
  const outputTokens = estimateTokens(heardChars)
  const costUsd = priceTokens(start.price, { inputTokens: start.inputTokens, outputTokens })
  return { ...start, outcome: 'lost', outputTokens, costUsd, measured: false }
}
