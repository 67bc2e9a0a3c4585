import { z } from 'zod'

/** What a key or a tenant may use, over all gateways together; what is left out is not limited. */
export const CallLimits = z.strictObject({
  requestsPerMinute: z.int().positive().max(10_000_000).optional(),
  /** Of input and output together. */
  tokensPerMinute: z.int().positive().max(1_000_000_000).optional(),
  /** Requests being answered at once. */
  concurrency: z.int().positive().max(100_000).optional(),
})
export type CallLimits = z.infer<typeof CallLimits>

export function limitsNothing({ requestsPerMinute, tokensPerMinute, concurrency }: CallLimits): boolean {
  return requestsPerMinute === undefined && tokensPerMinute === undefined && concurrency === undefined
}
