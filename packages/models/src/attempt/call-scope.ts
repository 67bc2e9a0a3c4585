import type { ExecuteRequest } from '@weft/contracts'

/**
 * On whose account a model is called. `agent` is the id of the agent that calls it, `gateway` for a request that goes straight to a model; `user` is the one that
 * the client named, and `keyId` the key that its request came with.
 */
export interface CallScope {
  tenant: string
  keyId?: string | undefined
  user?: string | undefined
  sessionId?: string | undefined
  turn?: number | undefined
  stepId?: string | undefined
  agent: string
}

/** The account of a step of a plan. */
export function scopeOfStep(
  { sessionId, turn, stepId, context }: ExecuteRequest,
  { tenant, agent }: { tenant: string; agent: string },
): CallScope {
  return { tenant, keyId: context?.keyId, user: context?.user, sessionId, turn, stepId, agent }
}
