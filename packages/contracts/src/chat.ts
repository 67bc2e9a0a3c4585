import { z } from 'zod'
import { WorkflowPlan } from './plan.ts'

/** Bounds of a chat request; the body itself is bounded by the gateway. */
export const chatLimits = {
  messagesMax: 2_000,
  toolsMax: 128,
  vectorStoresMax: 100,
  vectorStoreIdLengthMax: 64,
  modelLengthMax: 256,
} as const

const TextPart = z.looseObject({ type: z.literal('text'), text: z.string() })
const OtherPart = z.looseObject({ type: z.string() })
const Content = z.union([z.string(), z.array(z.union([TextPart, OtherPart])).max(1_000), z.null()])

/** One chat message of OpenAI's wire; unknown keys are kept for the provider. */
export const ChatMessage = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: Content.optional(),
  name: z.string().optional(),
  tool_calls: z.array(z.looseObject({ id: z.string(), type: z.string() })).optional(),
  tool_call_id: z.string().optional(),
})
export type ChatMessage = z.infer<typeof ChatMessage>

/** What becomes of sentences that no passage supports: they are kept as they are, marked with `[unverified]`, or dropped. */
export const UnverifiedSentences = z.enum(['keep', 'mark', 'drop'])
export type UnverifiedSentences = z.infer<typeof UnverifiedSentences>

/** What a request to `router/auto` wants of whichever model answers it. */
export const RoutingWishes = z.strictObject({
  /** Ids of models, or names of providers; default: all. */
  allowed: z.array(z.string().min(1).max(chatLimits.modelLengthMax)).min(1).max(50).optional(),
  requires: z.array(z.string().min(1).max(64)).max(20).optional(),
  /** In USD, the most that the request may come to. */
  maxCostUsd: z.number().nonnegative().optional(),
  maxFirstTokenMs: z.int().positive().optional(),
  /** Share of the best model's quality that answers shall reach on average. */
  minQuality: z.number().min(0.5).max(1).optional(),
})
export type RoutingWishes = z.infer<typeof RoutingWishes>

/** Weft's own extension of a request: the `weft` object of the public API. Unknown fields are refused, because one could be a bound that is misspelt. */
export const WeftOptions = z.strictObject({
  mode: z.string().max(64).optional(),
  vectorStoreIds: z.array(z.string().max(chatLimits.vectorStoreIdLengthMax)).max(chatLimits.vectorStoresMax).optional(),
  plan: WorkflowPlan.optional(),
  budgetUsd: z.number().nonnegative().optional(),
  progress: z.boolean().optional(),
  approval: z.enum(['return', 'wait', 'tool_call']).optional(),
  cancelOnDisconnect: z.boolean().optional(),
  latencyBudgetMs: z.int().positive().optional(),
  /** A date, or a time in RFC 3339. */
  asOf: z
    .union([z.iso.date(), z.iso.datetime({ offset: true })], { error: 'use a date such as 2026-11-30, or a time in RFC 3339' })
    .optional(),
  background: z.boolean().optional(),
  /** Models that answer instead when the named one does not: tried in this order as long as nothing was answered. */
  fallbacks: z.array(z.string().max(chatLimits.modelLengthMax)).max(2).optional(),
  /** What becomes of sentences of an answer from documents that no passage supports; default `keep`. */
  unverified: UnverifiedSentences.optional(),
  routing: RoutingWishes.optional(),
  /** False: no earlier answer is given again, and this one is not kept. True: both may be done also where answers differ by chance. */
  cache: z.boolean().optional(),
})
export type WeftOptions = z.infer<typeof WeftOptions>

/** `POST /v1/chat/completions`; fields of OpenAI's that Weft does not interpret are kept for the provider. */
export const ChatCompletionRequest = z
  .looseObject({
    model: z.string().min(1).max(chatLimits.modelLengthMax),
    messages: z.array(ChatMessage).min(1).max(chatLimits.messagesMax),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
    max_tokens: z.int().positive().nullish(),
    max_completion_tokens: z.int().positive().nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    n: z.int().min(1).max(128).nullish(),
    stop: z.union([z.string(), z.array(z.string()).max(4)], { error: 'use a text, or a list of at most 4' }).nullish(),
    seed: z.int().nullish(),
    user: z.string().max(256).nullish(),
    safety_identifier: z.string().max(256).nullish(),
    tools: z
      .array(z.looseObject({ type: z.string() }))
      .max(chatLimits.toolsMax)
      .nullish(),
    weft: WeftOptions.optional(),
  })
  .refine((request) => request.stream === true || request.stream_options == null, {
    path: ['stream_options'],
    message: 'is only allowed when stream is true',
  })
export type ChatCompletionRequest = z.infer<typeof ChatCompletionRequest>

/** The text of the user's last message; empty when there is none. */
export function lastQuestion(messages: ChatMessage[]): string {
  const last = messages.findLast((message) => message.role === 'user')
  return last === undefined ? '' : messageText(last)
}

/** What the user's last message brings along beside its text: images, files, sound. */
export function attachmentsOf(messages: ChatMessage[]): z.infer<typeof OtherPart>[] {
  const content = messages.findLast((message) => message.role === 'user')?.content
  return Array.isArray(content) ? content.filter(({ type }) => type !== 'text') : []
}

/** A conversation without the user's last message. */
export function earlierMessages(messages: ChatMessage[]): ChatMessage[] {
  const last = messages.findLastIndex((message) => message.role === 'user')
  return messages.filter((_, index) => index !== last)
}

/** The text of a message: string content as it is, text parts joined by line breaks, everything else left out. */
export function messageText(message: ChatMessage): string {
  if (typeof message.content === 'string') return message.content
  if (!Array.isArray(message.content)) return ''
  return message.content.flatMap((part) => ('text' in part && typeof part.text === 'string' ? [part.text] : [])).join('\n')
}
