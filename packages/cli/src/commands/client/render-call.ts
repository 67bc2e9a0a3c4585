import { z } from 'zod'

const Usd = z.number()
const text = z.string().nullable()
const Candidate = z.looseObject({
  model: z.string(),
  expectedUsd: Usd,
  expectedQuality: z.number(),
  breaker: z.string().optional(),
})
const Receipt = z.looseObject({
  taskClass: z.string().optional(),
  why: z.string().optional(),
  candidates: z.array(Candidate).optional(),
  excluded: z.array(z.looseObject({ why: z.string() })).optional(),
  insteadOf: z.looseObject({ model: z.string(), why: z.string() }).optional(),
  answerShortenedTo: z.number().optional(),
})

/** A call as `GET /v1/usage/calls/{id}` answers it. */
export const UsageCall = z.looseObject({
  id: z.string(),
  startedAt: z.string(),
  kind: z.string(),
  outcome: z.string(),
  errorCode: text,
  model: z.string(),
  agent: z.string(),
  user: text,
  sessionId: text,
  turn: z.number().nullable(),
  stepId: text,
  attempt: z.number(),
  firstCallId: z.string(),
  inputTokens: z.number(),
  cachedInputTokens: z.number().nullable(),
  outputTokens: z.number(),
  costUsd: Usd,
  measured: z.boolean(),
  priceKnown: z.boolean(),
  price: z.looseObject({ inputUsd: Usd, outputUsd: Usd }).nullable(),
  durationMs: z.number().nullable(),
  firstTokenMs: z.number().nullable(),
  receipt: Receipt.nullable(),
})
export type UsageCall = z.infer<typeof UsageCall>

/** A call as lines: what it was, what it cost at which price, and why its model was chosen. */
export function renderCall(call: UsageCall): string[] {
  const { id, kind, model, outcome, errorCode, startedAt, attempt, firstCallId } = call
  const failure = errorCode === null ? '' : ` (${errorCode})`
  const follows = attempt === 1 ? '' : `attempt ${attempt} after ${firstCallId}`
  const parts = [
    `${id}  ${kind} of ${model}: ${outcome}${failure}`,
    [startedAt, timesOf(call), follows].filter((part) => part !== '').join(', '),
    `for ${accountOf(call)}`,
    costOf(call),
  ]
  return [...parts, ...(call.receipt === null ? [] : reasonsOf(call.receipt))]
}

function timesOf({ durationMs, firstTokenMs }: UsageCall): string {
  if (durationMs === null) return ''
  const first = firstTokenMs === null ? '' : `, first token after ${Math.round(firstTokenMs)} ms`
  return `${Math.round(durationMs)} ms${first}`
}

function accountOf({ agent, user, sessionId, turn, stepId }: UsageCall): string {
  const session = sessionId === null ? [] : [`session ${sessionId}`, `turn ${turn ?? '-'}`, `step ${stepId ?? '-'}`]
  return [...(user === null ? [] : [`user ${user}`]), ...session, `agent ${agent}`].join(', ')
}

function costOf({ inputTokens, cachedInputTokens, outputTokens, costUsd, measured, price, priceKnown }: UsageCall): string {
  const cached = cachedInputTokens === null || cachedInputTokens === 0 ? '' : ` (${cachedInputTokens} of them cached)`
  const tokens = `${inputTokens} tokens in${cached}, ${outputTokens} out, ${measured ? 'counted by the provider' : 'estimated'}`
  const rate = price === null ? 'no price' : `${price.inputUsd} in and ${price.outputUsd} out USD a million`
  return `${costUsd.toFixed(6)} USD: ${tokens}; ${rate}${priceKnown ? '' : ', assumed'}`
}

function reasonsOf({
  insteadOf,
  answerShortenedTo,
  taskClass,
  why,
  candidates = [],
  excluded = [],
}: z.infer<typeof Receipt>): string[] {
  return [
    ...(insteadOf === undefined ? [] : [`instead of ${insteadOf.model}: ${insteadOf.why}`]),
    ...(answerShortenedTo === undefined ? [] : [`a budget cut the answer to ${answerShortenedTo} tokens`]),
    ...(why === undefined ? [] : [`chosen${taskClass === undefined ? '' : ` for ${taskClass}`}: ${why}`]),
    ...candidates.map(({ model, expectedUsd, expectedQuality, breaker }) => {
      const state = breaker === undefined || breaker === 'closed' ? '' : `, its breaker ${breaker.replace('_', ' ')}`
      return `  ${model}: about ${expectedUsd.toFixed(6)} USD, quality ${expectedQuality.toFixed(2)}${state}`
    }),
    ...excluded.map((each) => `  not ${each.why}`),
  ]
}
